// Sends a picture to `poise serve` and prints where the people are: node poses.mjs PICTURE [ADDRESS].
import { readFile } from "node:fs/promises";

const [picture, address = "http://localhost:8080"] = process.argv.slice(2);
const headers = { "Content-Type": "image/jpeg" };
const answer = await fetch(address + "/v1/poses", { method: "POST", headers, body: await readFile(picture) });
if (!answer.ok) throw new Error((await answer.json()).error.message);
for (const person of (await answer.json()).persons)
  console.log(`person ${person.id}: score ${person.score.toFixed(2)}, box [${person.box.map(Math.round).join(", ")}]`);
