// Writes src/api/schema.d.ts from the service's OpenAPI document.
// A request field with a default may be left out, hence the flag.
// Usage: npm run generate:client -- <file or address of the document>
import { spawnSync } from "node:child_process";

const source = process.argv[2] ?? "http://127.0.0.1:8080/api/openapi.json";
const run = spawnSync("openapi-typescript", [source, "--default-non-nullable=false", "-o", "src/api/schema.d.ts"], { stdio: "inherit" });
process.exit(run.status ?? 1);
