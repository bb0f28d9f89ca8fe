/**
 * The keys of the pages on which decisions are labelled. A key presses what carries it in `data-key`: there is nothing that a script alone can
 * do, so that the page works without it. Single keys can be turned off (WCAG 2.2, 2.1.4), for who speaks to the computer.
 */
export const reviewKeys = `
(() => {
  const OFF = 'astrolabe-review-keys-off';
  const areOn = () => localStorage.getItem(OFF) !== '1';
  const toggle = document.getElementById('keys-on');
  if (toggle) {
    toggle.checked = areOn();
    toggle.addEventListener('change', () => (toggle.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, '1')));
    for (const hidden of document.querySelectorAll('.with-script')) hidden.hidden = false;
  }
  document.addEventListener('keydown', (event) => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || !areOn()) return;
    if (event.target.closest('input:not([type=checkbox]), textarea, select')) return;
    const pressed = [...document.querySelectorAll('[data-key]')].find((element) => element.dataset.key.split(' ').includes(event.key));
    if (!pressed) return;
    event.preventDefault();
    pressed.click();
  });
})();
`.trim();
