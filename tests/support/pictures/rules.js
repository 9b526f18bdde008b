/* What can be told to be wrong of a page, or of the dialog over it, without eyes: in words. */
((isRussian) => {
  const all = (selector) => [...document.querySelectorAll(selector)].filter((one) => one.checkVisibility());
  const dialog = document.querySelector("dialog[open]");
  const areCards = innerWidth <= 640;
  const named = (one) => `${one.tagName.toLowerCase()}.${one.className} ${(one.textContent || one.id).slice(0, 40)}`;
  const texts = function* (skipped) {
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (!node.parentElement.closest(skipped) && node.parentElement.checkVisibility()) yield node;
    }
  };

  /* What a dialog is answered with lies behind the fold, or a field is where nobody sees it. */
  const outOfSight = () => {
    const isSeen = (one) => {
      const { left, right, top, bottom } = one.getBoundingClientRect();
      const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      return one === hit || one.contains(hit);
    };
    const buttons = all("dialog[open] .row.end button").filter((one) => !isSeen(one));
    const fields = all("input:not([type=checkbox], [type=radio]), select, textarea");
    return [...buttons, ...fields.filter((one) => Math.min(one.clientWidth, one.clientHeight) < 16)].map(named);
  };

  /* Beyond the window, or to be scrolled sideways within it. */
  const tooWide = () => {
    const most = document.documentElement.clientWidth;
    const mayScroll = `pre, svg, textarea, .skip, select${areCards ? ", thead" : ", .table"}`;
    const isBeyond = (one) => one.getBoundingClientRect().right > most + 1 || one.getBoundingClientRect().left < -1;
    const beyond = all("body *").filter((one) => !one.closest(mayScroll) && isBeyond(one));
    const scrolled = all(".table, dialog[open]").filter((one) => one.scrollWidth > one.clientWidth + 1);
    return [...beyond, ...scrolled].map(named);
  };

  /* Buttons and fields with no room between them. */
  const touching = () => {
    const within = dialog ? "dialog[open] form" : "main";
    const boxes = ["button:not(.link)", "a.button", "input", "select", "textarea"].flatMap((kind) => all(`${within} ${kind}`))
      .filter((one) => !one.closest("dialog .row.end")) /* it stays over what is scrolled */
      .map((one) => [one, one.getBoundingClientRect()]);
    const room = (one, other) => Math.max(one.left - other.right, other.left - one.right, one.top - other.bottom, other.top - one.bottom);
    const pairs = boxes.flatMap(([one, box], place) => boxes.slice(place + 1).filter(([, near]) => room(box, near) < 2).map(([other]) => [one, other]));
    return pairs.map((pair) => pair.map(named).join(" / "));
  };

  /* Words that are cut in two at the end of a line; addresses and the like have to be cut somewhere. */
  const broken = () => {
    const found = [];
    const range = document.createRange();
    for (const node of texts("code, pre, textarea, select, .long, .push, h1, h2, title, script, style")) {
      for (const { 0: word, index } of node.data.matchAll(/[\p{L}\p{N}…]{3,16}/gu)) {
        const whole = /\S*$/.exec(node.data.slice(0, index))[0].length + /^\S*/.exec(node.data.slice(index))[0].length;
        if (whole > 30) continue;
        range.setStart(node, index);
        range.setEnd(node, index + word.length);
        if (new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1) found.push(word);
      }
    }
    return found;
  };

  const unlabelled = () =>
    all("input, select, textarea").filter((one) => !one.labels?.length && !one.getAttribute("aria-label")).map((one) => one.outerHTML.slice(0, 80));

  /* English where the page is in Russian; what people and machines have written stays as it is. */
  const english = () =>
    [...texts("code, pre, textarea, script, style, td, dd, select, .push, .said, .crumb, .troubles, h1, h2, ol, header .quiet")]
      .map((node) => node.data.trim().slice(0, 80))
      .filter((text) => /[A-Za-z]{3}[a-z ]* [a-z]{2}/.test(text.replace(/rpns [a-z ]+/g, "")));

  const rules = { "out of sight": outOfSight, "too wide": tooWide, touching, "a broken word": broken, "without a label": unlabelled, ...(isRussian ? { English: english } : {}) };
  return Object.entries(rules).flatMap(([name, rule]) => [...new Set(rule())].slice(0, 5).map((what) => `${name}: ${what}`));
})
