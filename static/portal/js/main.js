// The portal's script: each module finds its own elements by data attributes and listens on the document,
// so that parts htmx swaps in work without being set up again.
import "./theme.js";
import "./menus.js";
import "./dialog.js";
import "./toasts.js";
import "./clipboard.js";
import "./times.js";
import "./timers.js";
import "./palette.js";
import "./forms.js";
import "./rows.js";
import "./live.js";
