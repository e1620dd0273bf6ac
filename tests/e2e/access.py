"""What a person without a mouse, without good eyes or without a screen would stumble over on a page."""

from playwright.async_api import Locator, Page, expect

_LOOK = r"""() => {
  const found = new Set();
  const paint = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
  const known = new Map();
  const parse = (text) => {
    if (!known.has(text)) {
      paint.clearRect(0, 0, 1, 1);
      paint.fillStyle = text;
      paint.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
      known.set(text, [r, g, b, a / 255]);
    }
    return known.get(text);
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a)];
  const shine = (colour) => colour.map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const seen = (element) => element.checkVisibility({opacityProperty: true, visibilityProperty: true})
    && element.getClientRects().length > 0 && !element.closest('[aria-hidden=true], [inert], .sr-only');
  const words = (element) => (element.getAttribute('data-testid') || element.className || element.tagName) + ': '
    + (element.textContent || '').trim().slice(0, 40);

  const named = (element) => {
    const by = (element.getAttribute('aria-labelledby') || '').split(/\s+/).filter(Boolean);
    const texts = [
      element.getAttribute('aria-label'), element.getAttribute('title'), element.getAttribute('alt'), element.textContent,
      ...by.map((id) => document.getElementById(id)?.textContent),
      ...[...(element.labels || [])].map((label) => label.textContent),
      ...[...element.querySelectorAll('img[alt]')].map((image) => image.alt),
    ];
    return texts.some((text) => text && text.trim());
  };
  const usable = 'button, a[href], input, select, textarea, [role=button], [role=link], [role=switch], [role=tab], summary';
  for (const element of document.querySelectorAll(usable)) {
    if (element.type !== 'hidden' && seen(element) && !named(element)) found.add('no name: ' + words(element));
  }
  for (const image of document.querySelectorAll('img:not([alt])')) found.add('no alt: ' + image.src);
  for (const frame of document.querySelectorAll('iframe')) if (seen(frame) && !frame.title) found.add('frame without a title');
  for (const media of document.querySelectorAll('video[controls]')) if (!named(media)) found.add('video without a name');
  for (const list of document.querySelectorAll('ul, ol')) {
    for (const child of list.children) if (!['LI', 'TEMPLATE', 'SCRIPT'].includes(child.tagName)) found.add('list of ' + words(child));
  }
  const ids = new Set();
  for (const {id} of document.querySelectorAll('[id]')) {
    if (ids.has(id)) found.add('id twice: ' + id);
    ids.add(id);
  }
  if (document.querySelectorAll('h1').length > 1) found.add('more than one h1');
  if (!document.documentElement.lang) found.add('no language');

  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !element || !seen(element)) continue;
    if (element.closest(':disabled, [aria-disabled=true], [data-disabled]')) continue;
    let ground = null, opacity = 1;
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const style = getComputedStyle(one);
      opacity *= Number(style.opacity);
      if (style.backgroundImage !== 'none') { ground = 'picture'; break; }
      const layer = parse(style.backgroundColor);
      if (layer[3] > 0) layers.push(layer);
      if (layer[3] === 1) break;
    }
    if (ground === 'picture') continue;
    const base = parse(getComputedStyle(document.body).backgroundColor);
    ground = layers.reverse().reduce((under, layer) => over(layer, under), base[3] ? base.slice(0, 3) : [255, 255, 255]);
    const style = getComputedStyle(element);
    const ink = parse(style.color);
    const shown = over([ink[0], ink[1], ink[2], ink[3] * opacity], ground);
    const [a, b] = [shine(shown), shine(ground)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize), bold = Number(style.fontWeight) >= 700;
    if (ratio < (size >= 24 || (bold && size >= 18.66) ? 3 : 4.5)) found.add(`contrast ${ratio.toFixed(2)}: ` + words(element));
  }
  return [...found];
}"""


async def check_access(page: Page) -> None:
    """Hold that everything has a name and text stands out from its ground, by day and by night."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        await page.wait_for_timeout(400)  # colours fade
        found: list[str] = await page.evaluate(_LOOK)
        assert found == [], f"{page.url}, {scheme}: {found}"
    await page.emulate_media(color_scheme="light")


async def tab_to(page: Page, target: Locator, *, back: bool = False) -> None:
    """Go on with Tab until the focus is there."""
    for _ in range(80):
        if await target.evaluate("one => one === document.activeElement"):
            return
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    await expect(target).to_be_focused(timeout=100)
