// The closed list of error codes: what an error reply's `code` can be, with its status, phrase, meaning and fix.
// `docs/reference/errors.md` lists the same, and a test says so. v2 never answers 503: the published page tells
// clients to retry exactly 429 and 500.

export type CodeEntry = { status: number; error: string; meaning: string; fix: string }

export const codes = {
  VALIDATION_ERROR: {
    status: 400,
    error: 'Bad Request',
    meaning: 'The body is JSON, but something in it is missing or wrong; `violations` says what.',
    fix: 'Correct what `violations` names and send again. Sending the same body again gives the same answer.',
  },
  INVALID_JSON: {
    status: 400,
    error: 'Bad Request',
    meaning: 'The body is not JSON.',
    fix: 'Make the body with a JSON library, and send all of it.',
  },
  BAD_REQUEST: {
    status: 400,
    error: 'Bad Request',
    meaning: 'The request is not valid HTTP, a header of it is wrong, or its body does not decompress.',
    fix: 'Check the request line, the headers (Content-Length counts bytes), and that the body really is in its Content-Encoding.',
  },
  UNAUTHORIZED: {
    status: 401,
    error: 'Unauthorized',
    meaning:
      'There is no X-API-Key header, or its key is unknown, revoked, expired, or without the scope that is needed here.',
    fix: 'Send a valid key in the X-API-Key header, once. Authorization is not read. A key that may send has the scope `ingest`, one that may ask for receipts and reconciliation `read`.',
  },
  NOT_FOUND: {
    status: 404,
    error: 'Not Found',
    meaning: 'There is nothing at this path.',
    fix: 'Use /v2/s2s/event or /v2/s2s/batch.',
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    error: 'Method Not Allowed',
    meaning: 'The path is right, the method is not.',
    fix: 'Use a method that the Allow header names.',
  },
  REQUEST_TIMEOUT: {
    status: 408,
    error: 'Request Timeout',
    meaning: 'The request did not arrive whole in time.',
    fix: 'Send it again, faster or in smaller batches.',
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    error: 'Payload Too Large',
    meaning: 'The body is larger than 8 MiB after decompression.',
    fix: 'Split the batch.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    error: 'Unsupported Media Type',
    meaning: 'The Content-Type is not application/json in UTF-8, or the Content-Encoding is none of gzip, br, zstd.',
    fix: 'Send application/json in UTF-8, plain or compressed with gzip, br or zstd.',
  },
  RATE_LIMITED: {
    status: 429,
    error: 'Too Many Requests',
    meaning: "The key's requests of the last 60 seconds have reached its limit.",
    fix: 'Wait as many seconds as Retry-After says, then send again. Batches send more events per request.',
  },
  HEADERS_TOO_LARGE: {
    status: 431,
    error: 'Request Header Fields Too Large',
    meaning: 'The headers are larger than the server reads.',
    fix: 'Send fewer or shorter headers.',
  },
  INTERNAL_ERROR: {
    status: 500,
    error: 'Internal Server Error',
    meaning: 'Something failed on our side.',
    fix: 'Send again, waiting longer each time.',
  },
  OVERLOADED: {
    status: 500,
    error: 'Internal Server Error',
    meaning: 'The server holds as many bodies as it can, or as many as one key may have.',
    fix: 'Send again after Retry-After seconds.',
  },
  STORAGE_UNAVAILABLE: {
    status: 500,
    error: 'Internal Server Error',
    meaning: 'The events could not be made durable, so none of them was taken.',
    fix: 'Send again after Retry-After seconds.',
  },
} as const satisfies Record<string, CodeEntry>

export type Code = keyof typeof codes
