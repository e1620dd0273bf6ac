/** What the person may change anywhere: theme, language, sound, and signing out. */
import type { DropdownMenuItem } from "@nuxt/ui";
import { useColorMode } from "@vueuse/core";
import { computed } from "vue";
import { useI18n } from "vue-i18n";
import { useRouter } from "vue-router";

import type { Language } from "@/api/types";
import { signOut, updateMe, useUser } from "@/features/session/session";
import { LANGUAGES, setLanguage } from "@/i18n";
import { useProblem } from "@/ui/problem";

import { soundOn } from "./chime";

const THEMES = [
  { value: "light", icon: "i-lucide-sun" },
  { value: "dark", icon: "i-lucide-moon" },
  { value: "auto", icon: "i-lucide-monitor" },
] as const;

export function usePersonMenu() {
  const { t, locale } = useI18n();
  const router = useRouter();
  const problem = useProblem();
  const user = useUser();
  const { store: theme } = useColorMode();

  async function leave(): Promise<void> {
    try {
      await signOut();
      await router.push("/sign-in");
    } catch (error) {
      problem.show(error, () => void leave());
    }
  }

  function speak(language: Language): void {
    void setLanguage(language);
    // The account remembers it too; the screen does not wait for that.
    updateMe({ language }).catch(() => undefined);
  }

  const items = computed<DropdownMenuItem[][]>(() => [
    [{ label: user.value?.name, description: user.value?.email, type: "label" }],
    [
      {
        label: t("person.theme"),
        icon: "i-lucide-sun-moon",
        children: THEMES.map(({ value, icon }) => ({
          label: t(`person.themes.${value}`),
          icon,
          type: "checkbox" as const,
          checked: theme.value === value,
          onUpdateChecked: () => (theme.value = value),
        })),
      },
      {
        label: t("person.language"),
        icon: "i-lucide-languages",
        children: LANGUAGES.map(({ code, name }) => ({
          label: name,
          lang: code,
          type: "checkbox" as const,
          checked: locale.value === code,
          onUpdateChecked: () => speak(code),
        })),
      },
      {
        label: t("person.sound"),
        icon: "i-lucide-bell-ring",
        type: "checkbox",
        checked: soundOn.value,
        onUpdateChecked: (checked: boolean) => (soundOn.value = checked),
        onSelect: (event: Event) => event.preventDefault(),
      },
      { label: t("person.profile"), icon: "i-lucide-user-round-cog", to: "/settings/profile" },
    ],
    [{ label: t("person.signOut"), icon: "i-lucide-log-out", onSelect: () => void leave() }],
  ]);
  return { items, user, theme, speak, leave };
}
