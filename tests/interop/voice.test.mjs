// @discordjs/voice speaks and listens through the sandbox's voice server, and survives how Discord ends connections.
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';

import {
  AudioPlayerStatus,
  NoSubscriberBehavior,
  StreamType,
  VoiceConnectionStatus,
  createAudioPlayer,
  createAudioResource,
} from '@discordjs/voice';
import OpusScript from 'opusscript';

import { enter, listen } from './ear.mjs';
import { TOKENS, breakVoice, control, guildOf, login, next } from './sandbox.mjs';
import { RATE, tones } from './tone.mjs';

const FRAME = 960;
const LEVEL = 0.25;
const SECONDS = 3;
const hz = (second) => [440 + 60 * second, 1500 + 90 * second];

/** 20 ms Opus packets of a song with other tones in each second and on each side. */
function song(seconds) {
  const encoder = new OpusScript(RATE, 2, OpusScript.Application.AUDIO);
  encoder.setBitrate(128_000);
  const pcm = Buffer.from(tones(seconds, LEVEL, hz).buffer);
  const packets = [];
  for (let at = 0; at < pcm.length; at += 4 * FRAME) {
    packets.push(Buffer.from(encoder.encode(pcm.subarray(at, at + 4 * FRAME), FRAME)));
  }
  encoder.delete();
  return packets;
}

/** Plays packets to whoever is in the channel; settles when the last one was sent. */
async function play(connection, packets) {
  const player = createAudioPlayer({ behaviors: { noSubscriber: NoSubscriberBehavior.Pause } });
  const subscription = connection.subscribe(player);
  const done = next(player, AudioPlayerStatus.Idle, { ms: 60_000 });
  player.play(createAudioResource(Readable.from(packets, { objectMode: true }), { inputType: StreamType.Opus }));
  await done;
  subscription.unsubscribe();
}

/** What the ear heard while the mouth played the song once. */
async function hear(mouth, ear, seconds = SECONDS) {
  const heard = listen(ear, { untilSilentMs: 800, limitMs: 20_000 });
  await play(mouth, song(seconds));
  return heard;
}

function isTheSong(speakers, speaker, seconds = SECONDS) {
  assert.deepEqual(speakers.map((voice) => voice.user_id), [speaker], 'only the speaker is heard');
  const [voice] = speakers;
  assert.equal(voice.undecodable, 0);
  assert.ok(voice.longest_hole_ms <= 40, `longest hole ${voice.longest_hole_ms} ms`);
  assert.equal(voice.seconds.length, seconds);
  for (const [second, sides] of voice.seconds.entries()) {
    for (const [side, name] of ['left', 'right'].entries()) {
      const wanted = hz(second)[side];
      const found = sides[name];
      assert.ok(Math.abs(found.hz / wanted - 1) < 0.003, `second ${second} ${name}: ${found.hz} Hz, not ${wanted}`);
      assert.ok(Math.abs(20 * Math.log10(found.level / LEVEL)) < 1, `second ${second} ${name}: level ${found.level}`);
    }
  }
}

/** The voice server's counters of what this client sent. */
const sentBy = async ({ user }) => (await control('/voice/streams')).live.find((call) => call.user_id === user.id);

/** The states that a connection goes through until it is in `last`. */
async function wayTo(connection, last) {
  const way = [];
  await next(connection, 'stateChange', {
    ms: 20_000,
    wanted: (before, now) => {
      if (now.status !== before.status) way.push(now.status);
      return now.status === last && way.length > 0;
    },
  });
  return way;
}

describe('@discordjs/voice on a stage', () => {
  let speaker, listener, mouth, ear;
  before(async () => {
    [speaker, listener] = await Promise.all(TOKENS.map((token) => login(token)));
    mouth = await enter(speaker, 'Lounge', 'Stage');
    ear = await enter(listener, 'Lounge', 'Stage');
  });
  after(async () => {
    mouth?.destroy();
    ear?.destroy();
    await Promise.all([speaker?.destroy(), listener?.destroy()]);
  });

  test('a suppressed bot is not heard', async () => {
    assert.equal(guildOf(speaker, 'Lounge').members.me.voice.suppress, true);
    const heard = listen(ear, { untilSilentMs: 800, limitMs: 2_000 });
    await play(mouth, song(1));
    assert.deepEqual(await heard, []);
    assert.ok((await sentBy(speaker)).dropped_unheard >= 50, 'it did send');
  });

  test('once it is a speaker, the other bot hears its song', async () => {
    const { me } = guildOf(speaker, 'Lounge').members;
    const unsuppressed = next(speaker, 'voiceStateUpdate', { wanted: (_, now) => now.id === me.id && !now.suppress });
    await me.voice.setSuppressed(false);
    await unsuppressed;
    isTheSong(await hear(mouth, ear), speaker.user.id);
    const sent = await sentBy(speaker);
    assert.equal(sent.mode, 'aead_aes256_gcm_rtpsize');
    assert.ok(sent.packets >= 50 * SECONDS);
    assert.deepEqual(
      [sent.sequence_gaps, sent.irregular_timestamps, sent.reused_nonces, sent.dropped_forged],
      [0, 0, 0, 0],
    );
  });

  for (const [code, how] of [
    [4015, ['connecting', 'ready']],
    [1001, ['connecting', 'ready']],
    [4006, ['signalling', 'connecting', 'ready']],
  ]) {
    test(`close code ${code}: ${how.length === 2 ? 'resumes' : 'joins again'} and goes on playing`, async () => {
      const way = wayTo(mouth, VoiceConnectionStatus.Ready);
      await breakVoice(speaker, 'Lounge', code);
      assert.deepEqual(await way, how);
      isTheSong(await hear(mouth, ear), speaker.user.id);
    });
  }

  test('a kick ends the connection for good', async () => {
    const way = wayTo(mouth, VoiceConnectionStatus.Disconnected);
    await control('/voice/kick', { guild: 'Lounge', user: speaker.user.username });
    assert.deepEqual(await way, ['disconnected']);
    assert.equal(mouth.state.closeCode, 4014);
  });
});
