import { defineConfig, type Plugin } from "vite";

/** What the built pages may load: their own files, and answers of the service. Vite's own scripts while developing are not held to it. */
function contentSecurityPolicy(): Plugin {
  let api = "";
  return {
    name: "content-security-policy",
    apply: "build",
    configResolved: ({ env }) => void (api = String(env["VITE_CAMPUS_API"])),
    transformIndexHtml: () => [
      {
        tag: "meta",
        attrs: { "http-equiv": "Content-Security-Policy", content: policy(api) },
        injectTo: "head-prepend",
      },
    ],
  };
}

function policy(api: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    "worker-src 'self'",
    `connect-src ${api}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

const address = { host: "127.0.0.1", port: 5173, strictPort: true };

export default defineConfig({
  plugins: [contentSecurityPolicy()],
  server: address,
  preview: {
    ...address,
    headers: { "X-Content-Type-Options": "nosniff", "Content-Security-Policy": "frame-ancestors 'none'" },
  },
  build: { target: "es2022", assetsInlineLimit: 0 },
  worker: { format: "es" },
});
