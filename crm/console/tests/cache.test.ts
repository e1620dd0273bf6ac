import { QueryClient, QueryObserver } from "@tanstack/vue-query";
import { expect, test, vi } from "vitest";

import { EventCache } from "@/api/cache";
import { keys } from "@/api/query";

vi.stubGlobal("window", globalThis);

const KEY = keys.conversation("c");
const told = { seq: 1, type: "conversation.updated", at: "", subject_id: "c", data: { id: "c", owner: "operator" } };

/** A page that shows a conversation, whose answers come when they are let go. */
function shown() {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const asked: ((owner: string) => void)[] = [];
  const queryFn = () => new Promise<{ id: string; owner: string }>((answer) => asked.push((owner) => answer({ id: "c", owner })));
  new QueryObserver(client, { queryKey: KEY, queryFn }).subscribe(() => undefined);
  const owner = () => client.getQueryData<{ owner: string }>(KEY)?.owner;
  return { client, asked, owner, cache: new EventCache(client, () => undefined) };
}

test("an answer that was on its way when something was told is asked for again", async () => {
  const { asked, owner, cache } = shown();
  cache.apply(told);
  await vi.waitFor(() => expect(asked).toHaveLength(1));
  await new Promise((done) => setTimeout(done, 200)); // longer than events of one moment are gathered
  asked[0]?.("bot");
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  asked[1]?.("operator");
  await vi.waitFor(() => expect(owner()).toBe("operator"));
});

test("a later answer that is older than what was told is not believed", async () => {
  const { client, asked, owner, cache } = shown();
  asked[0]?.("bot");
  await vi.waitFor(() => expect(owner()).toBe("bot"));
  void client.invalidateQueries({ queryKey: KEY });
  await vi.waitFor(() => expect(asked).toHaveLength(2));
  cache.apply(told);
  await vi.waitFor(() => expect(asked).toHaveLength(3));
  asked[1]?.("bot");
  asked[2]?.("operator");
  await vi.waitFor(() => expect(client.isFetching()).toBe(0));
  expect(owner()).toBe("operator");
});

test("what nobody is fetching is not asked for again", async () => {
  const { client, asked, owner, cache } = shown();
  asked[0]?.("bot");
  await vi.waitFor(() => expect(owner()).toBe("bot"));
  cache.apply(told);
  await new Promise((done) => setTimeout(done, 300));
  expect([asked.length, owner(), client.isFetching()]).toEqual([1, "operator", 0]);
});
