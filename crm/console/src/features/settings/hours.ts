/** Business hours as the service keeps them: intervals of wall-clock times per weekday. */
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
export type Day = (typeof DAYS)[number];
export type Interval = [string, string];
export type Hours = Record<Day, Interval[]>;

export function copyHours(hours: Partial<Record<Day, string[][]>> | undefined): Hours {
  return Object.fromEntries(
    DAYS.map((day) => [day, (hours?.[day] ?? []).map(([from, to]) => [from ?? "09:00", to ?? "18:00"])]),
  ) as Hours;
}

const TIME = /^([01]\d|2[0-3]):[0-5]\d$|^24:00$/;

/** Each interval ends after it starts, and begins after the one before it has ended. */
export function inOrder(intervals: Interval[]): boolean {
  const times = intervals.flat();
  return times.every((time, index) => TIME.test(time) && (index === 0 || (times[index - 1] ?? "") < time));
}
