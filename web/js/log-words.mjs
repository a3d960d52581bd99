/** A line of the process's log as a page shows it. No I/O. */

/**
 * @param {string} line a JSON object
 * @returns {{at: string, level: string, event: string, rest: string, text: string}} `text`: all that is looked through
 */
export function lineOf(line) {
  const { timestamp, level, event, ...rest } = JSON.parse(line);
  const told = Object.entries(rest)
    .map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`)
    .join(" ");
  return { at: timestamp, level, event, rest: told, text: `${event} ${told}` };
}
