// What a mark shows appears beside the pointer; its table says the same to all others.
(function () {
  "use strict";
  var tip = document.getElementById("tip");
  tip.setAttribute("aria-hidden", "true");
  tip.removeAttribute("role");
  document.addEventListener("pointermove", function (event) {
    var mark = event.target.closest ? event.target.closest("[data-tip]") : null;
    if (!mark) {
      tip.hidden = true;
      return;
    }
    tip.textContent = mark.getAttribute("data-tip");
    tip.hidden = false;
    var right = event.clientX + 14 + tip.offsetWidth > window.innerWidth;
    tip.style.left = (right ? event.clientX - tip.offsetWidth - 14 : event.clientX + 14) + "px";
    var low = event.clientY + 16 + tip.offsetHeight > window.innerHeight;
    tip.style.top = (low ? event.clientY - tip.offsetHeight - 10 : event.clientY + 16) + "px";
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") tip.hidden = true;
  });
})();
