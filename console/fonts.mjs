// Lays the letters of Traditional Chinese beside the pages: assessments and notices are printed with
// them (src/plainview/governance/render/fonts.py). Run after `vite build`, which empties that folder.
import { copyFile, mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const from = new URL("node_modules/@expo-google-fonts/noto-sans-tc/", import.meta.url);
const to = new URL("../src/plainview/web/static/fonts/", import.meta.url);

await mkdir(to, { recursive: true });
for (const [source, name] of [
  ["400Regular/NotoSansTC_400Regular.ttf", "NotoSansTC-Regular.ttf"],
  ["700Bold/NotoSansTC_700Bold.ttf", "NotoSansTC-Bold.ttf"],
  ["LICENSE_FONT", "OFL.txt"],
]) {
  await copyFile(fileURLToPath(new URL(source, from)), fileURLToPath(new URL(name, to)));
}
