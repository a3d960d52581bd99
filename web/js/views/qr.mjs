/** A QR code as one SVG path: dark ink on white, with the quiet zone a camera needs. */

import qrcode from "qrcode-generator";
import { html } from "../html.mjs";

const QUIET = 4;

/** @param {{text: string, size: number, label: string, name?: string}} props */
export function QrCode({ text, size, label, name = "receipt-qr" }) {
  const code = qrcode(0, "M");
  code.addData(text);
  code.make();
  const side = code.getModuleCount();
  const squares = [];
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) if (code.isDark(y, x)) squares.push(`M${x + QUIET} ${y + QUIET}h1v1h-1z`);
  }
  const box = side + 2 * QUIET;
  return html`<svg class="qr" role="img" aria-label=${label} data-testid=${name} data-text=${text} width=${size}
    height=${size} viewBox=${`0 0 ${box} ${box}`} shape-rendering="crispEdges">
    <rect width=${box} height=${box} fill="#fff" /><path d=${squares.join("")} fill="#221c16" />
  </svg>`;
}
