/** A page that asks before it deletes: its form in a dialog sends what the button only asks for. */
const dialog = /** @type {HTMLDialogElement | null} */ (document.getElementById("delete-dialog"));
document.getElementById("ask-delete")?.addEventListener("click", () => dialog?.showModal());
document.getElementById("keep")?.addEventListener("click", () => dialog?.close());
