/** What platforms say of a connection, in the person's words. */
import { useI18n } from "vue-i18n";

import { asProblem } from "@/api/problem";

/** Which field of a form a platform's refusal is about; the first that the form has. */
const FIELDS: Record<string, string[]> = {
  token_rejected: ["token", "access_token", "oauth_refresh_token"],
  token_expired: ["access_token", "oauth_refresh_token", "token"],
  token_of_other_app: ["access_token"],
  page_token_needed: ["access_token"],
  permission_missing: ["access_token"],
  account_not_professional: ["access_token"],
  instagram_not_linked: ["access_token"],
  app_rejected: ["app_secret", "app_id"],
  account_not_found: ["waba_id"],
  number_not_in_account: ["phone_number_id"],
  number_not_found: ["phone_number_id"],
  number_not_registered: ["phone_number_id"],
  imap_login_rejected: ["password"],
  smtp_login_rejected: ["password"],
  login_not_offered: ["auth"],
  oauth_not_offered: ["auth"],
  oauth_revoked: ["oauth_refresh_token"],
  folder_missing: ["folder"],
  certificate_rejected: ["imap_host"],
  tls_failed: ["imap_security"],
  tls_required: ["imap_security"],
  host_unknown: ["imap_host"],
  address_private: ["imap_host"],
};

export function useConnectionWords() {
  const { t, te } = useI18n();

  const codeWords = (code: string, detail = ""): string => {
    const key = [`deliveries.codes.${code}`, `errors.${code}`].find((one) => te(one));
    return key ? t(key) : detail || code;
  };
  const known = (section: string, name: string): string => (te(`${section}.${name}`) ? t(`${section}.${name}`) : name);

  /** What stands in a form: nothing there "no longer" holds, it was only just typed. */
  const refusal = (code: string, detail: string): string => (te(`channels.refused.${code}`) ? t(`channels.refused.${code}`) : codeWords(code, detail));

  /** A platform's refusal beside the field it is about; empty where it is about none of the form's. */
  function platformErrors(error: unknown, names: string[]): Record<string, string> {
    const found: Record<string, string> = {};
    for (const { field, code, detail } of asProblem(error).fields) {
      if (field !== "config") continue;
      const place = FIELDS[code]?.find((name) => names.includes(name));
      if (place) found[place] = refusal(code, detail);
    }
    return found;
  }

  /** The reason in full, for the head of the form. */
  function platformReason(error: unknown): string {
    const told = asProblem(error).fields.find(({ field }) => field === "config");
    return told ? refusal(told.code, told.detail ?? "") : "";
  }

  return {
    codeWords,
    platformErrors,
    platformReason,
    warning: (code: string) => known("health.warningsOf", code),
    quota: (name: string) => known("health.quotasOf", name),
    /** A word of the platform's, where it has one of ours; names stay as they are. */
    said: (value: string) => (/^[A-Z_0-9]+$/.test(value) && te(`health.grades.${value.toLowerCase()}`) ? t(`health.grades.${value.toLowerCase()}`) : value),
    grade: (value: string) => known("health.grades", value.toLowerCase()),
    topic: (name: string) => known("health.topics", name),
  };
}
