import { createRouter, createWebHistory, type RouteRecordRaw } from "vue-router";

import { onSignedOut } from "@/api/client";
import { ensureSession, forgetSession, session, useCan } from "@/features/session/session";
import AppShell from "@/shell/AppShell.vue";

declare module "vue-router" {
  interface RouteMeta {
    /** The page's name under `nav.` in the locales. */
    title?: string;
    open?: boolean;
    /** For admins only; others are led to what is theirs. */
    admin?: boolean;
  }
}

const pages: RouteRecordRaw[] = [
  { path: "", redirect: "/inbox" },
  {
    path: "inbox/:conversationId?",
    name: "inbox",
    component: () => import("@/features/inbox/InboxPage.vue"),
    meta: { title: "inbox" },
  },
  {
    path: "contacts/duplicates",
    name: "duplicates",
    component: () => import("@/features/contacts/DuplicatesPage.vue"),
    meta: { title: "contacts" },
  },
  {
    path: "contacts/:contactId?",
    name: "contacts",
    component: () => import("@/features/contacts/ContactsPage.vue"),
    meta: { title: "contacts" },
  },
  {
    path: "deals/:dealId?",
    name: "deals",
    component: () => import("@/features/deals/DealsPage.vue"),
    meta: { title: "deals" },
  },
  {
    path: "tasks/:taskId?",
    name: "tasks",
    component: () => import("@/features/tasks/TasksPage.vue"),
    meta: { title: "tasks" },
  },
  {
    path: "channels",
    component: () => import("@/features/channels/ChannelsLayout.vue"),
    meta: { title: "channels" },
    children: [
      { path: "", name: "channels", component: () => import("@/features/channels/ChannelsPage.vue") },
      {
        path: "deliveries",
        name: "deliveries",
        component: () => import("@/features/channels/FailedDeliveries.vue"),
      },
      {
        path: "connect/:channel",
        name: "connect",
        component: () => import("@/features/channels/ConnectPage.vue"),
      },
      {
        path: ":connectionId",
        name: "connection",
        component: () => import("@/features/channels/ConnectionPage.vue"),
      },
    ],
  },
  {
    path: "knowledge/:sourceId?",
    name: "knowledge",
    component: () => import("@/features/knowledge/KnowledgePage.vue"),
    meta: { title: "knowledge" },
  },
  {
    path: "assistant",
    component: () => import("@/features/assistant/AssistantLayout.vue"),
    meta: { title: "assistant" },
    children: [
      { path: "", name: "assistant", component: () => import("@/features/assistant/AssistantPage.vue") },
      {
        path: "tests/:suiteId?",
        name: "assistant-tests",
        component: () => import("@/features/suites/TestsPage.vue"),
      },
      {
        path: "replay/:runId?",
        name: "assistant-replay",
        component: () => import("@/features/suites/ReplayPage.vue"),
      },
      {
        path: "history/:number?",
        name: "assistant-history",
        component: () => import("@/features/assistant/HistoryPage.vue"),
      },
    ],
  },
  {
    path: "settings",
    component: () => import("@/features/settings/SettingsLayout.vue"),
    meta: { title: "settings" },
    redirect: "/settings/organization",
    children: [
      {
        path: "organization",
        name: "settings",
        component: () => import("@/features/settings/OrganizationSettings.vue"),
        meta: { admin: true },
      },
      {
        path: "hours",
        name: "settings-hours",
        component: () => import("@/features/settings/HoursSettings.vue"),
        meta: { admin: true },
      },
      {
        path: "team",
        name: "settings-team",
        component: () => import("@/features/settings/TeamSettings.vue"),
        meta: { admin: true },
      },
      {
        path: "model",
        name: "settings-model",
        component: () => import("@/features/privacy/ModelSettings.vue"),
        meta: { admin: true },
      },
      {
        path: "privacy",
        name: "settings-privacy",
        component: () => import("@/features/privacy/PrivacySettings.vue"),
        meta: { admin: true },
      },
      {
        path: "privacy/calls/:callId?",
        name: "privacy-calls",
        component: () => import("@/features/privacy/CallsPage.vue"),
        meta: { admin: true },
      },
      {
        path: "profile",
        name: "settings-profile",
        component: () => import("@/features/settings/ProfileSettings.vue"),
      },
    ],
  },
  {
    path: ":rest(.*)*",
    name: "not-found",
    component: () => import("@/shell/NotFound.vue"),
    meta: { title: "notFound" },
  },
];

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    {
      path: "/sign-in",
      name: "sign-in",
      component: () => import("@/features/session/SignInPage.vue"),
      meta: { open: true, title: "signIn" },
    },
    {
      path: "/sign-up",
      name: "sign-up",
      component: () => import("@/features/session/SignUpPage.vue"),
      meta: { open: true, title: "signUp" },
    },
    {
      path: "/unreachable",
      name: "unreachable",
      component: () => import("@/shell/UnreachablePage.vue"),
      meta: { open: true },
    },
    { path: "/", component: AppShell, children: pages },
  ],
});

const can = useCan();
router.beforeEach(async (to) => {
  if (to.name === "unreachable") return true;
  try {
    await ensureSession();
  } catch {
    return { name: "unreachable", query: { next: to.fullPath } };
  }
  const open = to.matched.some((record) => record.meta.open);
  if (!session.value && !open) {
    return { name: "sign-in", query: to.fullPath === "/" ? {} : { next: to.fullPath } };
  }
  if (session.value && open) return { name: "inbox" };
  if (to.meta.admin && !can("admin")) return { name: "settings-profile" };
  return true;
});

onSignedOut(() => {
  if (!session.value) return;
  const next = router.currentRoute.value.fullPath;
  forgetSession();
  void router.replace({ name: "sign-in", query: { next, ended: "1" } });
});
