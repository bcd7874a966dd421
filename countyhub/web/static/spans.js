// How long something has lasted, or is left: true to the minute for as long as the page is open.
"use strict";

{
  const units = document.documentElement.lang.startsWith("zh")
    ? { d: "天", h: "小时", m: "分钟" } : { d: "d", h: "h", m: "min" };

  const told = (ms) => {
    const minutes = Math.floor(Math.abs(ms) / 60000);
    const [d, h, m] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60), minutes % 60];
    const parts = d ? [[d, "d"], [h, "h"]] : h ? [[h, "h"], [m, "m"]] : [[m, "m"]];
    return parts.filter(([count], i) => count || !i).map(([count, unit]) => `${count} ${units[unit]}`).join(" ");
  };

  const tell = () => {
    for (const one of document.querySelectorAll(".span[data-at]")) {
      const ms = Date.parse(one.dataset.at) - Date.now();
      const text = (ms <= 0 ? one.dataset.late : one.dataset.left).replace("{}", told(ms));
      if (one.textContent !== text) one.textContent = text;
    }
  };

  tell();
  setInterval(tell, 15000);
  let waits = false; // parts that were put in anew are told of once for all of them
  new MutationObserver(() => {
    if (waits) return;
    waits = true;
    requestAnimationFrame(() => { waits = false; tell(); });
  }).observe(document.body, { childList: true, subtree: true });
}
