import { useI18n } from "vue-i18n";

export const PURPOSES = ["answer", "judge", "translate", "suggest", "summarise", "check", "embed"] as const;

/** Why something was sent, in words. */
export function usePurpose() {
  const { t, te } = useI18n();
  return { purposeName: (purpose: string) => (te(`privacy.purposes.${purpose}`) ? t(`privacy.purposes.${purpose}`) : purpose) };
}
