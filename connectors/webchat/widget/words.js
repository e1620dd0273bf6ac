// What the widget says, in three languages. Written by ear, not word by word.

export const LANGUAGES = ["ru", "kk", "en"];

const WORDS = {
  ru: {
    open: "Открыть чат",
    close: "Закрыть чат",
    log: "Сообщения чата",
    assistant: "Ассистент",
    assistantMark: "ИИ",
    operator: "Сотрудник",
    you: "Вы",
    botAnswers: "ИИ-ассистент компании",
    personAnswers: (name) => `На связи ${name}`,
    placeholder: "Напишите сообщение…",
    send: "Отправить",
    offline: "Нет связи. Подключаемся снова…",
    waiting: "Отправляется…",
    sent: "Отправлено",
    failed: "Не отправлено",
    typing: "Пишет…",
    today: "Сегодня",
    yesterday: "Вчера",
    unread: (count) => `Новых сообщений: ${count}`,
    greeting:
      "Здравствуйте! Я ИИ-ассистент компании. Напишите свой вопрос, а если понадобится, я позову сотрудника.",
  },
  kk: {
    open: "Чатты ашу",
    close: "Чатты жабу",
    log: "Чат хабарламалары",
    assistant: "Көмекші",
    assistantMark: "ЖИ",
    operator: "Маман",
    you: "Сіз",
    botAnswers: "Компанияның ЖИ-көмекшісі",
    personAnswers: (name) => `${name} жауап береді`,
    placeholder: "Хабарлама жазыңыз…",
    send: "Жіберу",
    offline: "Байланыс үзілді. Қайта қосылып жатырмыз…",
    waiting: "Жіберіліп жатыр…",
    sent: "Жіберілді",
    failed: "Жіберілмеді",
    typing: "Жазып жатыр…",
    today: "Бүгін",
    yesterday: "Кеше",
    unread: (count) => `Жаңа хабарлама: ${count}`,
    greeting:
      "Сәлеметсіз бе! Мен компанияның ЖИ-көмекшісімін. Сұрағыңызды жаза беріңіз, қажет болса, маманды шақырамын.",
  },
  en: {
    open: "Open chat",
    close: "Close chat",
    log: "Chat messages",
    assistant: "Assistant",
    assistantMark: "AI",
    operator: "Team member",
    you: "You",
    botAnswers: "The company’s AI assistant",
    personAnswers: (name) => `${name} is with you`,
    placeholder: "Write a message…",
    send: "Send",
    offline: "No connection. Trying again…",
    waiting: "Sending…",
    sent: "Sent",
    failed: "Not sent",
    typing: "Typing…",
    today: "Today",
    yesterday: "Yesterday",
    unread: (count) => `New messages: ${count}`,
    greeting:
      "Hello! I’m the company’s AI assistant. Ask me anything, and I’ll bring in a colleague whenever you need one.",
  },
};

/** The words of a language; of Russian when there is none such. */
export function wordsOf(language) {
  return WORDS[language] ?? WORDS.ru;
}

/** The first of some language tags ("kk-KZ") that the widget speaks, or null. */
export function spokenLanguage(...tags) {
  for (const tag of tags) {
    const language = String(tag ?? "").slice(0, 2).toLowerCase();
    if (LANGUAGES.includes(language)) return language;
  }
  return null;
}
