/** Tables for a spreadsheet (RFC 4180), as a file of the browser's. */

/** A cell that a spreadsheet would take for a formula begins with an apostrophe. @param {unknown} value */
function quoted(value) {
  const text = /^[=+\-@]/.test(`${value}`) && typeof value === "string" ? `'${value}` : `${value}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** @param {unknown[][]} lines */
export const csvText = (lines) => lines.map((line) => `${line.map(quoted).join(",")}\r\n`).join("");

/** @param {string} file @param {string} text */
export const saveCsv = (file, text) => saveFile(file, "text/csv", `\ufeff${text}`);

/** @param {string} file @param {string} type @param {string|Blob} text */
export function saveFile(file, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement("a"), { href: url, download: file }).click();
  URL.revokeObjectURL(url);
}
