// What is kept is the question as it stands in the form, asked or not, and so is what stands there again after a kept one
// was changed. Without this, it is the one that was asked last.
const asking = document.querySelector("[data-form=investigate]");

for (const form of document.querySelectorAll("[data-form=keep-question], [data-form=change-question]")) {
  form.addEventListener("submit", () => {
    for (const old of form.querySelectorAll("[data-asked]")) old.remove();
    for (const [name, value] of new FormData(asking)) {
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = name;
      field.value = value;
      field.dataset.asked = "";
      form.append(field);
    }
  });
}
