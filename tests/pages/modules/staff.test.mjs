import assert from "node:assert/strict";
import { test } from "node:test";
import { actorWords, detailWords, lightName, lightWords, moveWords } from "../../../web/js/desk-words.mjs";
import { en } from "../../../web/js/staff-texts.en.mjs";
import { ru } from "../../../web/js/staff-texts.ru.mjs";

/** @param {any} texts @param {string} [path] @returns {[string, unknown][]} */
function leaves(texts, path = "") {
  if (typeof texts !== "object") return [[path, texts]];
  return Object.entries(texts).flatMap(([name, one]) => leaves(one, path ? `${path}.${name}` : name));
}

test("both languages have the same words, none is empty in one of them alone", () => {
  const [russian, english] = [new Map(leaves(ru)), new Map(leaves(en))];
  assert.deepEqual([...english.keys()], [...russian.keys()]);
  for (const [path, words] of russian) {
    assert.equal(typeof english.get(path), typeof words, path);
    assert.equal(english.get(path) === "", words === "", path);
  }
});

test("no Russian letter is left in the English texts, called or not", () => {
  const called = leaves(en).map(([path, words]) => [
    path,
    typeof words === "function" ? words(1, 2, 3) : String(words),
  ]);
  assert.deepEqual(
    called.filter(([, words]) => /\p{Script=Cyrillic}/u.test(words)),
    [],
  );
});

test("a lamp says the server's own sentence in the page's language, else its figure in words", () => {
  const light = { name: "disk", level: "good", value: 12_800, word: null };
  assert.equal(lightWords(light, ru.lights, "ru"), "свободно 12,5 ГБ");
  assert.equal(lightWords({ ...light, says: { ru: "мало", en: "little" } }, en.lights, "en"), "little");
  assert.equal(lightWords({ ...light, name: "clock", value: null }, ru.lights, "ru"), "");
  assert.equal(lightWords({ ...light, name: "pages", value: 0 }, ru.lights, "ru"), "");
  assert.equal(lightWords({ ...light, name: "paper", value: null, word: "low" }, ru.lights, "ru"), "кончается");
  assert.equal(lightWords({ ...light, name: "paper", value: null }, ru.lights, "ru"), "нет связи");
});

test("a lamp is called by its device, its station or its register", () => {
  assert.equal(lightName("fiscal", ru.lights), "Касса");
  assert.equal(lightName("station_3", ru.lights), "Станция 3");
  assert.equal(lightName("ofd:second", en.lights), "Queue to the OFD, register second");
  assert.equal(lightName("some_new_lamp", ru.lights), "some_new_lamp");
});

test("of food that was thrown away the money stays: what is right there is called so", () => {
  assert.equal(moveWords({ detail: "written_off: burnt" }, "accept", ru.stuck), "Деньги не возвращать");
  assert.equal(moveWords({ detail: "" }, "accept", ru.stuck), "Всё как должно быть");
});

test("the journal names dishes and people", () => {
  const dishes = [{ item_id: "cola", name: "Кола" }];
  assert.equal(
    detailWords({ action: "stop_list", detail: "cola stopped" }, dishes, ru.journal),
    "Кола: снято с продажи",
  );
  assert.equal(detailWords({ action: "refill", detail: "23" }, dishes, ru.journal), "23");
  assert.equal(actorWords("person:3:Ира: смена 2", ru.journal), "Ира: смена 2");
  assert.equal(actorWords("pin:Ира", ru.journal), "Ира");
  assert.equal(actorWords("pin:", ru.journal), "персонал");
  assert.equal(actorWords("peer:kiosk", en.journal), "account kiosk");
});
