// The demo shop: three languages, a few goods, and the chat opened with a question.
// Goods, prices and terms are those of the demo company's documents.

const WORDS = {
  ru: {
    demo: "Это демонстрационный магазин: товары, цены и заказы ненастоящие.",
    goods: "Товары",
    services: "Доставка и прокат",
    shops: "Магазины",
    heroTitle: "Снаряжение для гор и города",
    heroText: "Велосипеды, палатки, рюкзаки и обувь. Продаём, сдаём в прокат и ремонтируем в Алматы и Астане.",
    ask: "Задать вопрос",
    askAbout: "Спросить",
    question: (name) => `Здравствуйте! Расскажите про ${name}`,
    look: "Смотреть товары",
    deliveryTitle: "Доставка по Казахстану",
    deliveryText: "Алматы 1 000 ₸, Астана 1 500 ₸. От 30 000 ₸ бесплатно. Самовывоз через час.",
    rentalTitle: "Прокат",
    rentalText: "Велосипед от 3 000 ₸ в день, палатка от 4 000 ₸. Шлем и замок бесплатно.",
    workshopTitle: "Мастерская",
    workshopText: "Настроим и починим велосипед в Алматы. Записаться можно прямо в чате.",
    workshopBook: "Записаться в мастерскую",
    almaty: "Алматы",
    almatyAddress: "проспект Абая, 999",
    astana: "Астана",
    astanaAddress: "проспект Мәңгілік Ел, 999",
    hoursTitle: "Часы работы",
    hours: "Пн–Сб 09:00–19:00",
    sunday: "Воскресенье — выходной",
    footer: "Tau Demo — вымышленная компания для знакомства с Aitys.",
  },
  kk: {
    demo: "Бұл — көрсетуге арналған дүкен: тауар да, баға да, тапсырыс та шынайы емес.",
    goods: "Тауарлар",
    services: "Жеткізу және жалға беру",
    shops: "Дүкендер",
    heroTitle: "Тауға да, қалаға да керек жабдық",
    heroText: "Велосипед, шатыр, рюкзак және аяқкиім. Алматы мен Астанада сатамыз, жалға береміз, жөндейміз.",
    ask: "Сұрақ қою",
    askAbout: "Сұрау",
    question: (name) => `Сәлеметсіз бе! ${name} туралы айтып беріңізші`,
    look: "Тауарларды көру",
    deliveryTitle: "Қазақстан бойынша жеткізу",
    deliveryText: "Алматы 1 000 ₸, Астана 1 500 ₸. 30 000 ₸-ден бастап тегін. Дүкеннен бір сағатта алып кетесіз.",
    rentalTitle: "Жалға беру",
    rentalText: "Велосипед күніне 3 000 ₸-ден, шатыр 4 000 ₸-ден. Дулыға мен құлып тегін.",
    workshopTitle: "Шеберхана",
    workshopText: "Алматыда велосипедіңізді баптап, жөндеп береміз. Чат арқылы жазылуға болады.",
    workshopBook: "Шеберханаға жазылу",
    almaty: "Алматы",
    almatyAddress: "Абай даңғылы, 999",
    astana: "Астана",
    astanaAddress: "Мәңгілік Ел даңғылы, 999",
    hoursTitle: "Жұмыс уақыты",
    hours: "Дс–Сн 09:00–19:00",
    sunday: "Жексенбі — демалыс",
    footer: "Tau Demo — Aitys жүйесімен таныстыруға арналған ойдан шығарылған компания.",
  },
  en: {
    demo: "This is a demo shop: the goods, the prices and the orders are not real.",
    goods: "Goods",
    services: "Delivery and rental",
    shops: "Shops",
    heroTitle: "Gear for the mountains and the city",
    heroText: "Bicycles, tents, backpacks and boots. We sell, rent out and repair in Almaty and Astana.",
    ask: "Ask a question",
    askAbout: "Ask",
    question: (name) => `Hello! Tell me about the ${name}`,
    look: "See the goods",
    deliveryTitle: "Delivery in Kazakhstan",
    deliveryText: "Almaty 1 000 ₸, Astana 1 500 ₸. Free from 30 000 ₸. Pick up in an hour.",
    rentalTitle: "Rental",
    rentalText: "A bicycle from 3 000 ₸ a day, a tent from 4 000 ₸. Helmet and lock are free.",
    workshopTitle: "Workshop",
    workshopText: "We tune and mend bicycles in Almaty. Book right in the chat.",
    workshopBook: "Book the workshop",
    almaty: "Almaty",
    almatyAddress: "999 Abai Avenue",
    astana: "Astana",
    astanaAddress: "999 Mangilik El Avenue",
    hoursTitle: "Opening hours",
    hours: "Mon–Sat 09:00–19:00",
    sunday: "Closed on Sunday",
    footer: "Tau Demo is a fictional company made to show Aitys.",
  },
};

const GOODS = [
  ["bike", "Alatau 29", 289000, "#d9622b", {
    ru: ["Горный велосипед", "24 скорости, гидравлические тормоза"],
    kk: ["Тау велосипеді", "24 жылдамдық, гидравликалық тежегіш"],
    en: ["Mountain bike", "24 gears, hydraulic disc brakes"],
  }],
  ["citybike", "Samal City", 175000, "#2f7f8f", {
    ru: ["Городской велосипед", "7 скоростей, крылья и багажник"],
    kk: ["Қала велосипеді", "7 жылдамдық, қанаты мен жүксалғышы бар"],
    en: ["City bike", "7 gears, mudguards and rack"],
  }],
  ["tent", "Kolsai 4", 109900, "#3f8f5f", {
    ru: ["Палатка", "4 места, большой тамбур"],
    kk: ["Шатыр", "4 орындық, кіреберісі кең"],
    en: ["Tent", "4 persons, large porch"],
  }],
  ["backpack", "Burabai 45", 38900, "#c8433a", {
    ru: ["Рюкзак", "45 л, чехол от дождя в комплекте"],
    kk: ["Рюкзак", "45 л, жаңбырдан қорғайтын қабымен"],
    en: ["Backpack", "45 l, rain cover included"],
  }],
  ["sleepingbag", "Medeu -5", 42500, "#4a6fb0", {
    ru: ["Спальный мешок", "Комфорт при -5 °C, 1,4 кг"],
    kk: ["Ұйықтайтын қап", "-5 °C-та жайлы, 1,4 кг"],
    en: ["Sleeping bag", "Comfort at -5 °C, 1.4 kg"],
  }],
  ["boots", "Talgar Pro", 57900, "#a5672f", {
    ru: ["Треккинговые ботинки", "Водонепроницаемая мембрана"],
    kk: ["Жорық бәтеңкесі", "Су өткізбейтін мембрана"],
    en: ["Trekking boots", "Waterproof membrane"],
  }],
  ["headlamp", "Juldyz 400", 12900, "#e0a526", {
    ru: ["Налобный фонарь", "400 люмен, зарядка USB-C"],
    kk: ["Маңдай фонары", "400 люмен, USB-C арқылы қуатталады"],
    en: ["Headlamp", "400 lumens, USB-C charging"],
  }],
  ["stove", "Ot Mini", 9900, "#c2513c", {
    ru: ["Газовая горелка", "85 г, баллон отдельно"],
    kk: ["Газ плитасы", "85 г, баллоны бөлек"],
    en: ["Gas stove", "85 g, cartridge sold separately"],
  }],
];

const STORED = "tau-demo:language";

function chosenLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  let kept = null;
  try {
    kept = localStorage.getItem(STORED);
  } catch {
    // Forbidden by the browser's settings.
  }
  const candidates = [asked, kept, ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return candidates.find((language) => language in WORDS) ?? "ru";
}

function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function drawing(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("viewBox", "0 0 240 180");
  const use = document.createElementNS(space, "use");
  use.setAttribute("href", `/demo/art.svg#${name}`);
  svg.append(use);
  return svg;
}

function card([art, name, price, tone, told], language) {
  const [kind, about] = told[language];
  const item = element("li");
  item.style.setProperty("--tone", tone);
  const ask = element("button", "ask", WORDS[language].askAbout);
  ask.type = "button";
  ask.dataset.ask = name;
  ask.setAttribute("aria-label", `${WORDS[language].askAbout}: ${name}`);
  const sum = unbroken(`${String(price).replace(/\B(?=(\d{3})+$)/g, " ")} ₸`);
  item.append(
    element("div", "art", drawing(art)),
    element(
      "div",
      "text",
      element("span", "kind", kind),
      element("h3", "", name),
      element("p", "about", about),
      element("div", "buy", element("span", "price", sum), ask),
    ),
  );
  return item;
}

/** A sum stays on one line. */
function unbroken(text) {
  return text.replace(/(?<=\d) (?=\d{3}|₸)/g, "\u00a0").replace(/₸-/g, "₸\u2011");
}

function speak(language) {
  document.documentElement.lang = language;
  for (const place of document.querySelectorAll("[data-word]")) {
    place.textContent = unbroken(WORDS[language][place.dataset.word]);
  }
  for (const button of document.querySelectorAll(".languages button")) {
    button.setAttribute("aria-pressed", String(button.dataset.language === language));
  }
  document.querySelector(".goods").replaceChildren(...GOODS.map((good) => card(good, language)));
}

document.addEventListener("click", (event) => {
  const language = event.target.closest(".languages button")?.dataset.language;
  if (language) {
    speak(language);
    try {
      localStorage.setItem(STORED, language);
    } catch {
      // Forbidden by the browser's settings.
    }
    return;
  }
  const asking = event.target.closest("[data-ask]");
  if (!asking) return;
  const name = asking.dataset.ask;
  const { question } = WORDS[document.documentElement.lang];
  window.Aitys?.open(name ? { text: question(name) } : {});
});

speak(chosenLanguage());

// Whoever comes to book finds the workshop's chat open. Its script may not be there yet: then it takes this up.
if (new URLSearchParams(location.search).get("chat") === "workshop") {
  if (Array.isArray(window.Aitys ?? [])) (window.Aitys ??= []).push(["open"]);
  else window.Aitys.open();
}
