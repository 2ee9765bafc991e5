// Everything that the console's pages need. Each part minds its own business.
import "./dialogs.js";
import "./undo.js";
import "./lists.js";
import "./findings.js";
import "./theme.js";
import "./reveal.js";
import "./lease.js";
import "./decide.js";
import "./live.js";
import "./screen.js";
import "./audience.js";
import "./filling.js";
