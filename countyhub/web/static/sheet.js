// The sheet of a case: printed by a button, and it says when.
"use strict";

const button = document.getElementById("print-now");
const foot = document.getElementById("printed");

function tell() {
  const zone = { timeZone: document.body.dataset.timezone, hour12: false };
  const now = new Date().toLocaleString("sv-SE", zone); // as the server writes it: 2026-11-20 20:14:17
  foot.textContent = foot.dataset.said.replace("{}", now);
}

button.hidden = false;
button.addEventListener("click", () => print());
addEventListener("beforeprint", tell);
