/** Long tables draw only the rows in sight and some around them. */
import { useElementSize, useScroll } from "@vueuse/core";
import { computed, type MaybeRefOrGetter, type Ref, toValue } from "vue";

/** Rows above and below those in sight: a fast wheel meets no emptiness, and Tab goes on to the next row. */
const AROUND = 20;

/**
 * Which rows of a table to draw.
 *
 * @param scroller what scrolls
 * @param count how many rows there are
 * @param height of a row in pixels; all are about as high
 */
export function useRows(scroller: Ref<HTMLElement | null>, count: MaybeRefOrGetter<number>, height: number) {
  const { y } = useScroll(scroller);
  const { height: sight } = useElementSize(scroller);
  const from = computed(() => Math.max(0, Math.min(Math.floor(y.value / height) - AROUND, toValue(count) - AROUND)));
  const until = computed(() => Math.min(toValue(count), Math.ceil((y.value + sight.value) / height) + AROUND));
  return { from, until, above: computed(() => from.value * height), below: computed(() => (toValue(count) - until.value) * height) };
}
