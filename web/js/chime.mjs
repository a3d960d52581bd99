/** Short sounds made in the browser: a call for a ready order, a nudge before the screen clears. */

/** @typedef {{at: number, hertz: number, long: number}} Note seconds from the start, pitch, seconds of ringing */

const READY = [
  { at: 0, hertz: 784, long: 1.2 },
  { at: 0.28, hertz: 988, long: 1.2 },
  { at: 0.56, hertz: 1319, long: 2.2 },
];
const PAID = [
  { at: 0, hertz: 659, long: 0.5 },
  { at: 0.14, hertz: 880, long: 0.9 },
];
const REFUSED = [
  { at: 0, hertz: 392, long: 0.5 },
  { at: 0.2, hertz: 330, long: 0.8 },
];
const NUDGE = [
  { at: 0, hertz: 880, long: 0.4 },
  { at: 0.18, hertz: 660, long: 0.5 },
];

/**
 * @param {AudioContext} audio
 * @param {Note} note
 */
function ring(audio, { at, hertz, long }) {
  const start = audio.currentTime + at;
  const tone = audio.createOscillator();
  const loudness = audio.createGain();
  tone.type = "triangle";
  tone.frequency.value = hertz;
  loudness.gain.setValueAtTime(0, start);
  loudness.gain.linearRampToValueAtTime(0.35, start + 0.015);
  loudness.gain.exponentialRampToValueAtTime(0.001, start + long);
  tone.connect(loudness).connect(audio.destination);
  tone.start(start);
  tone.stop(start + long);
}

/** A browser that has not been touched may refuse to sound; the screen says it all anyway. @param {Note[]} notes */
function play(notes) {
  const audio = new AudioContext();
  for (const note of notes) ring(audio, note);
  const over = Math.max(...notes.map((note) => note.at + note.long)) * 1000 + 300;
  setTimeout(() => void audio.close(), over);
  return audio.state === "running";
}

/** The three-second call for a new ready order; false when the browser keeps silent. */
export function chime() {
  return play(READY);
}

export function chirp() {
  return play(NUDGE);
}

/** The payment's end; the screen says the same in words and colour. @param {boolean} paid */
export function verdict(paid) {
  return play(paid ? PAID : REFUSED);
}
