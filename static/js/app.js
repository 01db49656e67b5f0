// What pages need beyond HTML and htmx: a few small custom elements.
import "./comment-box.js";
import "./case-selection.js";
import "./command-palette.js";
import "./copy-button.js";
import "./dialog-link.js";
import "./failures.js";
import "./first-error.js";
import "./live-duration.js";
import "./live-stream.js";
import "./live-time.js";
import "./newest-step.js";
import "./search-form.js";
import "./shortcuts.js";
import "./tab-bar.js";
import "./theme-toggle.js";
import "./time-zone.js";
import "./toast-message.js";
