// The editor of rules: numbers beside the lines, a click on a finding goes to its place, words go in at the caret.
const form = document.querySelector("[data-editor]");
const field = form?.querySelector("textarea");
const gutter = form?.querySelector("[data-gutter]");

function number() {
  const lines = field.value.split("\n").length;
  if (Number(gutter.dataset.lines) === lines) return;
  gutter.dataset.lines = lines;
  gutter.textContent = Array.from({ length: lines }, (_, n) => n + 1).join("\n");
}

function offset(line, column) {
  const lines = field.value.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return before + Math.min(column - 1, lines[line - 1]?.length ?? 0);
}

function go(line, column = 1, endLine = line, endColumn = 1_000_000) {
  const start = offset(line, column);
  field.focus();
  field.setSelectionRange(start, Math.max(start, offset(endLine, endColumn)));
  const height = Number.parseFloat(getComputedStyle(field).lineHeight);
  field.scrollTop = Math.max(0, (line - 4) * height);
  field.scrollLeft = 0;
}

if (field) {
  number();
  field.addEventListener("input", () => {
    number();
    document.getElementById("kept").textContent = "";
  });
  field.addEventListener("scroll", () => {
    gutter.scrollTop = field.scrollTop;
  });
  const shelf = document.querySelector(".editor .files .side-list");
  const open = shelf?.querySelector("[aria-current]");
  if (open) shelf.scrollTop = open.offsetTop - shelf.offsetTop - shelf.clientHeight / 2; // the open file is in sight
  if (Number(form.dataset.line)) go(Number(form.dataset.line));
  document.addEventListener("click", (event) => {
    const place = event.target.closest("a[data-line]");
    if (place) {
      event.preventDefault();
      const { line, column, endLine, endColumn } = place.dataset;
      go(Number(line), Number(column), Number(endLine), Number(endColumn));
      return;
    }
    const word = event.target.closest("[data-insert]");
    if (word && !field.readOnly) {
      field.setRangeText(word.dataset.insert, field.selectionStart, field.selectionEnd, "end");
      field.focus();
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
  form.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyS" && !field.readOnly) {
      event.preventDefault();
      form.requestSubmit(form.querySelector("[data-save]"));
    }
  });
}
