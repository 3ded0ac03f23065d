"""TypeScript: definitions, and references followed through packages, path aliases and barrels."""

from pathlib import Path

from tests.engine.trees import edges_from, snapshot_of, symbols_in

TREE = {
    "tsconfig.json": '{"compilerOptions": {"paths": {"@/*": ["./src/*"],} /* trailing comma */ }}',
    "package.json": '{"name": "root"}',
    "packages/core/package.json": '{"name": "@acme/core"}',
    "packages/core/src/index.ts": "export * from './engine'\n",
    "packages/core/src/engine.ts": "export class Engine {\n  start(): void { this.run() }\n  private run() {}\n}\n",
    "src/util.ts": "export const clamp = (n: number) => Math.max(0, n)\nexport interface Options { deep: boolean }\n",
    "src/app.tsx": (
        "import { Engine } from '@acme/core'\nimport { clamp as limit } from '@/util'\n"
        "import type { Options } from './util'\n"
        "export function boot(options: Options) {\n  const engine = new Engine()\n  return limit(1)\n}\n"
    ),
}


def test_typescript_definitions(tmp_path: Path) -> None:
    found = symbols_in(snapshot_of(tmp_path, TREE))
    assert {k: found[k] for k in ("Engine", "Engine.start", "clamp", "Options", "boot")} == {
        "Engine": "class", "Engine.start": "method", "clamp": "function", "Options": "interface", "boot": "function",
    }  # fmt: skip


def test_typescript_follows_packages_aliases_and_barrels(tmp_path: Path) -> None:
    snapshot = snapshot_of(tmp_path, TREE)
    boot = edges_from(snapshot, "boot")
    assert boot["Engine"].confidence == "certain"
    assert boot["clamp"].confidence == "certain"
    assert boot["Options"].kind == "references"
    assert edges_from(snapshot, "Engine.start")["Engine.run"].confidence == "certain"
