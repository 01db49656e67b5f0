// <form data-proof="15">…<input name="mark"><input name="proof">…<p data-working></p>: before it is sent, the browser finds a number
// with which the SHA-256 of the mark begins with so many zeros. That costs one sender a second, and one who sends thousands a lot.

const AT_ONCE = 500;

async function begins(text, bits) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new DataView(digest).getUint32(0) >>> (32 - bits) === 0;
}

async function find(mark, bits) {
  for (let from = 0; ; from += AT_ONCE) {
    const numbers = Array.from({ length: AT_ONCE }, (_, place) => from + place);
    const found = await Promise.all(numbers.map((number) => begins(`${mark}:${number}`, bits)));
    const place = found.indexOf(true);
    if (place >= 0) return numbers[place];
  }
}

for (const form of document.querySelectorAll("form[data-proof]")) {
  const words = form.querySelector("[data-working]");
  form.addEventListener("submit", async (event) => {
    if (form.elements.proof.value || !form.checkValidity()) return;
    event.preventDefault();
    if (form.hasAttribute("aria-busy")) return;
    if (!globalThis.crypto?.subtle) {
      words.textContent = "This form can only be sent over HTTPS.";
      return;
    }
    form.setAttribute("aria-busy", "true");
    words.textContent = "Sending…";
    form.elements.proof.value = await find(form.elements.mark.value, Number(form.dataset.proof));
    form.removeAttribute("aria-busy");
    // Without another event: what is valid and proven goes out.
    form.submit();
  });
}
