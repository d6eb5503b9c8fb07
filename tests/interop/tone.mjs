// Tones: making them, and finding the strongest one in a stretch of sound.

export const RATE = 48_000;
const SPECTRUM = 1 << 17;

/** Interleaved s16 stereo, `seconds` long; `hz(second)` gives [left, right]. */
export function tones(seconds, level, hz) {
  const samples = new Int16Array(2 * RATE * seconds);
  for (let i = 0; i < RATE * seconds; i++) {
    const pair = hz(Math.floor(i / RATE));
    for (const side of [0, 1]) {
      samples[2 * i + side] = Math.round(32767 * level * Math.sin((2 * Math.PI * pair[side] * i) / RATE));
    }
  }
  return samples;
}

/** In place, radix 2. */
function fourier(real, imaginary) {
  const size = real.length;
  for (let i = 1, j = 0; i < size; i++) {
    let bit = size >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [real[i], real[j]] = [real[j], real[i]];
      [imaginary[i], imaginary[j]] = [imaginary[j], imaginary[i]];
    }
  }
  for (let width = 2; width <= size; width *= 2) {
    const half = width / 2;
    for (let k = 0; k < half; k++) {
      const angle = (-2 * Math.PI * k) / width;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      for (let low = k; low < size; low += width) {
        const high = low + half;
        const re = real[high] * c - imaginary[high] * s;
        const im = real[high] * s + imaginary[high] * c;
        [real[high], imaginary[high]] = [real[low] - re, imaginary[low] - im];
        [real[low], imaginary[low]] = [real[low] + re, imaginary[low] + im];
      }
    }
  }
}

/** Frequency and amplitude (1 = full scale) of the strongest tone of up to 2.7 s of samples. */
export function dominant(samples) {
  const real = new Float64Array(SPECTRUM);
  const imaginary = new Float64Array(SPECTRUM);
  for (let i = 0; i < samples.length; i++) {
    real[i] = samples[i] * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (samples.length - 1)));
  }
  fourier(real, imaginary);
  const height = (bin) => Math.hypot(real[bin], imaginary[bin]);
  let peak = 1;
  for (let bin = 2; bin < SPECTRUM / 2 - 1; bin++) if (height(bin) > height(peak)) peak = bin;
  const [a, b, c] = [-1, 0, 1].map((step) => Math.log(height(peak + step) + 1e-12));
  const curve = a - 2 * b + c;
  const shift = curve ? (0.5 * (a - c)) / curve : 0;
  return { hz: ((peak + shift) * RATE) / SPECTRUM, level: (height(peak) * 4) / samples.length };
}
