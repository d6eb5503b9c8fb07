// The part of zlib-sync that @discordjs/ws uses, on Node's own zlib.
//
// Discord flushes after each payload, so a payload is whole deflate blocks. They refer back into at most 32 KiB of
// what came before, which raw inflate takes as a dictionary: one synchronous call per payload.
const { constants, inflateRawSync } = require('node:zlib');

const WINDOW_BYTES = 32 * 1024;
const ZLIB_HEADER_BYTES = 2;

class Inflate {
  #pending = Buffer.alloc(0);
  #window = Buffer.alloc(0);
  #started = false;
  err = 0;
  msg = null;
  result = null;

  push(chunk, flush) {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    this.result = null;
    if (flush !== constants.Z_SYNC_FLUSH) return;
    const blocks = this.#pending.subarray(this.#started ? 0 : ZLIB_HEADER_BYTES);
    this.#pending = Buffer.alloc(0);
    this.#started = true;
    try {
      const text = inflateRawSync(blocks, { dictionary: this.#window, finishFlush: constants.Z_SYNC_FLUSH });
      this.#window = Buffer.concat([this.#window, text]).subarray(-WINDOW_BYTES);
      this.result = text.toString();
    } catch (error) {
      this.err = error.errno ?? constants.Z_DATA_ERROR;
      this.msg = error.message;
    }
  }
}

module.exports = { Inflate, Z_NO_FLUSH: constants.Z_NO_FLUSH, Z_SYNC_FLUSH: constants.Z_SYNC_FLUSH };
