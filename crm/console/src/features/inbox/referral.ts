/** What brought a person, in words. */
import { useI18n } from "vue-i18n";

interface Referral {
  source: string;
  ref?: string | null;
  ad_id?: string | null;
  title?: string | null;
}

export function useReferralWords() {
  const { t, te } = useI18n();
  return (referral: Referral): string => {
    const source = te(`referral.from.${referral.source}`) ? referral.source : "other";
    const name = referral.title || referral.ref || referral.ad_id;
    return name ? t(`referral.from.${source}`) + t("referral.named", { name }) : t(`referral.from.${source}`);
  };
}
