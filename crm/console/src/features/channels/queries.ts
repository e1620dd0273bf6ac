import { useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Capabilities, Connection, ConnectionDetail } from "@/api/types";

export function useChannels() {
  return useQuery({ queryKey: keys.channels, queryFn: () => call(api.GET("/api/channels")), staleTime: Infinity });
}

/** What a channel can do; undefined until it is known. */
export function useCapabilities(channel: () => string | undefined): ComputedRef<Capabilities | undefined> {
  const channels = useChannels();
  return computed(() => channels.data.value?.find((info) => info.channel === channel())?.capabilities);
}

export function useConnections() {
  return useQuery({ queryKey: keys.connections, queryFn: () => call(api.GET("/api/connections", { params: { query: { limit: 200 } } })) });
}

export function useConnection(id: () => string) {
  const list = useConnections();
  const connection = computed(() => list.data.value?.items.find((item) => item.id === id()));
  return { list, connection };
}

/** All that is known of one connection, and how it does. */
export function useConnectionDetail(id: () => string) {
  return useQuery({
    queryKey: computed(() => keys.connection(id())),
    queryFn: (): Promise<ConnectionDetail> => call(api.GET("/api/connections/{connection_id}", { params: { path: { connection_id: id() } } })),
    enabled: computed(() => id() !== ""),
    refetchInterval: 60_000,
  });
}

/** Asks the platform now; what it says is on the page at once. */
export async function checkConnection(id: string): Promise<void> {
  queryClient.setQueryData(keys.connection(id), await call(api.POST("/api/connections/{connection_id}/check", { params: { path: { connection_id: id } } })));
}

function refresh(): void {
  void queryClient.invalidateQueries({ queryKey: keys.connections });
}

export async function connect(channel: string, name: string, config: Record<string, unknown>): Promise<Connection> {
  const connection = await call(api.POST("/api/connections", { body: { channel, name, config } }));
  await queryClient.invalidateQueries({ queryKey: keys.connections });
  return connection;
}

export async function updateConnection(id: string, changes: { name?: string; config?: Record<string, unknown> }): Promise<Connection> {
  const connection = await call(api.PATCH("/api/connections/{connection_id}", { params: { path: { connection_id: id } }, body: changes }));
  refresh();
  return connection;
}

export async function setPaused(id: string, paused: boolean): Promise<void> {
  const params = { params: { path: { connection_id: id } } };
  if (paused) await call(api.POST("/api/connections/{connection_id}/pause", params));
  else await call(api.POST("/api/connections/{connection_id}/resume", params));
  refresh();
}

export async function disconnect(id: string): Promise<void> {
  await call(api.DELETE("/api/connections/{connection_id}", { params: { path: { connection_id: id } } }));
  refresh();
}

/** The line an admin pastes into their site; the console is served under the same public address. */
export function scriptTag(connectionId: string): string {
  return `<script src="${window.location.origin}/widget.js" data-connection="${connectionId}" async></${"script"}>`;
}
