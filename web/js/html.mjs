/** Markup for the components: htm bound to preact, so the pages need no build. */

import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
