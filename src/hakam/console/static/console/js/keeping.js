// What is kept is the question as it stands in the form, asked or not. Without this, it is the one that was asked last.
const asking = document.querySelector("[data-form=investigate]");
const keeping = document.querySelector("[data-form=keep-question]");

keeping?.addEventListener("submit", () => {
  for (const old of keeping.querySelectorAll("[data-asked]")) old.remove();
  for (const [name, value] of new FormData(asking)) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    field.dataset.asked = "";
    keeping.append(field);
  }
});
