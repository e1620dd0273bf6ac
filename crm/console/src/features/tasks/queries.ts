import { useInfiniteQuery, useQuery } from "@tanstack/vue-query";
import { computed, type ComputedRef, type MaybeRefOrGetter, toValue } from "vue";

import { api, call } from "@/api/client";
import { keys, queryClient } from "@/api/query";
import type { Page, Task, TaskForm, TaskWrite } from "@/api/types";
import { session } from "@/features/session/session";

export interface TaskFilters {
  open?: boolean;
  assignee_id?: string;
  contact_id?: string;
  conversation_id?: string;
  sort?: string;
}

export function useTaskList(filters: MaybeRefOrGetter<TaskFilters>, limit = 100) {
  return useInfiniteQuery({
    queryKey: computed(() => keys.taskList({ ...toValue(filters), limit })),
    queryFn: ({ pageParam }): Promise<Page<Task>> =>
      call(api.GET("/api/tasks", { params: { query: { ...toValue(filters), limit, ...(pageParam ? { cursor: pageParam } : {}) } } })),
    initialPageParam: "",
    getNextPageParam: (page) => page.next_cursor || undefined,
    enabled: computed(() => session.value !== null),
  });
}

/** Open tasks that are due by now, for the sidebar. */
export function useOpenTaskCount(): ComputedRef<number> {
  const list = useTaskList({ open: true });
  return computed(() => {
    const now = new Date().toISOString();
    const items = list.data.value?.pages.flatMap((page) => page.items) ?? [];
    return items.filter((task) => !task.done_at && task.due_at && task.due_at <= now).length;
  });
}

export function useTask(id: MaybeRefOrGetter<string>) {
  return useQuery({
    queryKey: computed(() => keys.task(toValue(id))),
    queryFn: () => call(api.GET("/api/tasks/{task_id}", { params: { path: { task_id: toValue(id) } } })),
    enabled: computed(() => toValue(id) !== ""),
  });
}

function adopt(task: Task): Task {
  queryClient.setQueryData(keys.task(task.id), task);
  void queryClient.invalidateQueries({ queryKey: keys.tasks });
  return task;
}

export async function createTask(form: TaskForm): Promise<Task> {
  return adopt(await call(api.POST("/api/tasks", { body: form })));
}

export async function updateTask(id: string, changes: TaskWrite): Promise<Task> {
  return adopt(await call(api.PATCH("/api/tasks/{task_id}", { params: { path: { task_id: id } }, body: changes })));
}

/** The tick stands at once; a refusal takes it back. */
export async function setDone(task: Task, done: boolean): Promise<void> {
  const mark = (doneAt: string | null): void => {
    queryClient.setQueriesData<{ pages: Page<Task>[]; pageParams: unknown[] }>({ queryKey: [...keys.tasks, "list"] }, (old) =>
      old && {
        ...old,
        pages: old.pages.map((page) => ({
          ...page,
          items: page.items.map((item) => (item.id === task.id ? { ...item, done_at: doneAt } : item)),
        })),
      },
    );
  };
  mark(done ? new Date().toISOString() : null);
  try {
    await updateTask(task.id, { done });
  } catch (error) {
    mark(task.done_at ?? null);
    throw error;
  }
}

export async function deleteTask(id: string): Promise<void> {
  await call(api.DELETE("/api/tasks/{task_id}", { params: { path: { task_id: id } } }));
  queryClient.removeQueries({ queryKey: keys.task(id) });
  void queryClient.invalidateQueries({ queryKey: keys.tasks });
}
