// Writes src/api/schema.d.ts from the service's OpenAPI document.
// Usage: npm run generate:client -- <file or address of the document>
import { spawnSync } from "node:child_process";

const source = process.argv[2] ?? "http://127.0.0.1:8080/api/openapi.json";
const run = spawnSync("openapi-typescript", [source, "-o", "src/api/schema.d.ts"], { stdio: "inherit" });
process.exit(run.status ?? 1);
