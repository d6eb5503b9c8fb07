// A listener in a voice channel: @discordjs/voice receives, libopus decodes, and what sounded is put into figures.
import { EndBehaviorType, VoiceConnectionStatus, entersState, joinVoiceChannel } from '@discordjs/voice';
import OpusScript from 'opusscript';

import { channelOf, guildOf } from './sandbox.mjs';
import { RATE, dominant } from './tone.mjs';

const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);
const AUDIBLE = 0.01;
const STEP = RATE / 200; // 5 ms

/** A voice connection that is ready. */
export async function enter(client, guildName, channelName, options = {}) {
  const guild = guildOf(client, guildName);
  const connection = joinVoiceChannel({
    guildId: guild.id,
    channelId: channelOf(guild, channelName).id,
    adapterCreator: guild.voiceAdapterCreator,
    group: client.user.id,
    selfDeaf: false,
    selfMute: false,
    ...options,
  });
  return entersState(connection, VoiceConnectionStatus.Ready, 20_000);
}

/** Everything that one speaker sends, from its first packet on. The library hands on no RTP timestamps: frames
 * follow each other as they arrive. */
class Voice {
  #decoder = new OpusScript(RATE, 2);
  #pcm = [];
  packets = 0;
  silenceFrames = 0;
  undecodable = 0;
  lastSoundAt = 0;

  constructor(userId, packets) {
    this.userId = userId;
    this.stream = packets.on('data', (packet) => this.take(packet));
  }

  take(packet) {
    this.packets += 1;
    if (packet.equals(SILENCE)) this.silenceFrames += 1;
    else this.lastSoundAt = performance.now();
    try {
      this.#pcm.push(Buffer.from(this.#decoder.decode(packet)));
    } catch {
      this.undecodable += 1;
    }
  }

  report() {
    this.stream.destroy();
    this.#decoder.delete();
    const pcm = Buffer.concat(this.#pcm);
    const sides = [0, 1].map((side) =>
      Float64Array.from({ length: pcm.length / 4 }, (_, i) => pcm.readInt16LE(4 * i + 2 * side) / 32768),
    );
    const sounding = audible(sides);
    const start = sounding.indexOf(true) * STEP;
    return {
      user_id: this.userId,
      packets: this.packets,
      silence_frames: this.silenceFrames,
      undecodable: this.undecodable,
      longest_hole_ms: longestHole(sounding) * 5,
      seconds: start < 0 ? [] : seconds(sides, start),
    };
  }
}

/** For each 5 ms: does anything sound? */
function audible(sides) {
  return Array.from({ length: Math.floor(sides[0].length / STEP) }, (_, i) =>
    sides.some((side) => side.subarray(i * STEP, (i + 1) * STEP).some((sample) => Math.abs(sample) > AUDIBLE)),
  );
}

/** The longest run of silence between the first and the last sound. */
function longestHole(sounding) {
  let [longest, run] = [0, 0];
  for (const sounds of sounding.slice(sounding.indexOf(true), sounding.lastIndexOf(true) + 1)) {
    run = sounds ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest;
}

/** The strongest tone of each channel from 0.1 s to 0.4 s of each second since the first sound. */
function seconds(sides, start) {
  const found = [];
  for (let first = start + 0.1 * RATE; first + 0.3 * RATE <= sides[0].length; first += RATE) {
    const [left, right] = sides.map((side) => dominant(side.subarray(first, first + 0.3 * RATE)));
    found.push({ left, right });
  }
  return found;
}

/** Listens to everybody in the channel until `untilSilentMs` after the last sound, or for `limitMs`. */
export async function listen(connection, { untilSilentMs, limitMs }) {
  const voices = new Map();
  const begin = (userId) => {
    if (voices.has(userId)) return;
    const packets = connection.receiver.subscribe(userId, { end: { behavior: EndBehaviorType.Manual } });
    voices.set(userId, new Voice(userId, packets));
  };
  connection.receiver.speaking.on('start', begin); // told before the packet is handed on, so none is missed
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline && !over(voices, untilSilentMs)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  connection.receiver.speaking.off('start', begin);
  return [...voices.values()].map((voice) => voice.report());
}

function over(voices, untilSilentMs) {
  const last = Math.max(...[...voices.values()].map((voice) => voice.lastSoundAt));
  return last > 0 && performance.now() - last > untilSilentMs;
}
