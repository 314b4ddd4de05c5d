// SPDX-License-Identifier: GPL-2.0-or-later
/* Devicetree Specification, chapter "Flattened Devicetree (DTB) Format". */
#include "purgatory/fdt.h"

#include <stdbool.h>

#include "lib/bits.h"
#include "lib/error.h"
#include "lib/sha256.h"

#define FDT_MAGIC 0xd00dfeedu
#define FDT_VERSION 17u
#define FDT_HEADER_SIZE 40u
#define FDT_BEGIN_NODE 1u
#define FDT_END_NODE 2u
#define FDT_PROP 3u
#define FDT_NOP 4u
#define FDT_END 9u

/*
 * The specification allows 31 characters. Without a limit a damaged tree, in
 * which every property's name is all of the strings, takes hours to read.
 */
#define NAME_SIZE_MAX 256u

/* Words of the header, by index. */
enum {
	HEADER_MAGIC,
	HEADER_TOTAL_SIZE,
	HEADER_OFF_STRUCT,
	HEADER_OFF_STRINGS,
	HEADER_OFF_RESERVE,
	HEADER_VERSION,
	HEADER_LAST_COMPATIBLE,
	HEADER_BOOT_CPU,
	HEADER_SIZE_STRINGS,
	HEADER_SIZE_STRUCT,
};

/* A checked view of a device tree, and where the walk through it stands. */
struct walk {
	const uint32_t *tree; /* whole blob as big-endian words */
	const uint8_t *strings;
	uint32_t strings_size;
	uint32_t begin; /* structure block, offsets in bytes */
	uint32_t end;
	uint32_t reserve;
	uint32_t reserve_size; /* its terminating entry included */
	uint32_t pos;
	uint32_t depth;	       /* open nodes */
	bool in_chosen;	       /* the innermost open node is /chosen */
};

/* One token of the structure block. */
struct token {
	uint32_t tag;
	uint32_t start; /* of the tag; the token ends at the walk's pos */
	uint32_t data;	/* of name or value */
	uint32_t size;
	uint32_t name; /* property: offset into the strings */
};

static uint32_t big_endian(uint32_t x)
{
	return x >> 24 | (x >> 8 & 0xff00) | (x << 8 & 0xff0000) | x << 24;
}

static uint32_t word_at(const struct walk *walk, uint32_t offset)
{
	return big_endian(walk->tree[offset / 4]);
}

static const uint8_t *bytes_at(const struct walk *walk, uint32_t offset)
{
	return (const uint8_t *)walk->tree + offset;
}

static bool block_ok(uint32_t offset, uint32_t size, uint32_t total)
{
	return offset >= FDT_HEADER_SIZE && offset <= total &&
	       size <= total - offset;
}

static int find_reserve_end(struct walk *walk, uint32_t total)
{
	uint32_t pos = walk->reserve;

	while (pos + 16 <= total) {
		uint32_t size_words = word_at(walk, pos + 8) |
				      word_at(walk, pos + 12);
		uint32_t addr_words = word_at(walk, pos) |
				      word_at(walk, pos + 4);

		pos += 16;
		if (size_words == 0 && addr_words == 0) {
			walk->reserve_size = pos - walk->reserve;
			return 0;
		}
	}
	return -KQ_ERR_BOUNDS;
}

static int walk_init(struct walk *walk, const void *fdt, size_t limit)
{
	uint32_t total, size_struct;

	*walk = (struct walk){ .tree = fdt };
	if (limit < FDT_HEADER_SIZE)
		return -KQ_ERR_TRUNCATED;
	if (word_at(walk, 4 * HEADER_MAGIC) != FDT_MAGIC)
		return -KQ_ERR_MAGIC;
	if (word_at(walk, 4 * HEADER_VERSION) < FDT_VERSION ||
	    word_at(walk, 4 * HEADER_LAST_COMPATIBLE) > FDT_VERSION)
		return -KQ_ERR_VERSION;
	total = word_at(walk, 4 * HEADER_TOTAL_SIZE);
	if (total > limit || total > KQ_FDT_MAX_SIZE)
		return -KQ_ERR_TRUNCATED;
	walk->begin = word_at(walk, 4 * HEADER_OFF_STRUCT);
	size_struct = word_at(walk, 4 * HEADER_SIZE_STRUCT);
	walk->reserve = word_at(walk, 4 * HEADER_OFF_RESERVE);
	walk->strings_size = word_at(walk, 4 * HEADER_SIZE_STRINGS);
	if (!block_ok(walk->begin, size_struct, total) ||
	    !block_ok(word_at(walk, 4 * HEADER_OFF_STRINGS),
		      walk->strings_size, total) ||
	    !block_ok(walk->reserve, 0, total) || walk->begin % 4 ||
	    size_struct % 4 || walk->reserve % 8)
		return -KQ_ERR_BOUNDS;
	walk->strings = bytes_at(walk, word_at(walk, 4 * HEADER_OFF_STRINGS));
	walk->end = walk->begin + size_struct;
	walk->pos = walk->begin;
	return find_reserve_end(walk, total);
}

static bool same_string(const uint8_t *bytes, uint32_t size, const char *name)
{
	for (uint32_t i = 0; i < size; i++) {
		if (bytes[i] != (uint8_t)name[i])
			return false;
		if (name[i] == '\0')
			return true;
	}
	return false;
}

static bool is_property(const struct walk *walk, const struct token *token,
			const char *name)
{
	return same_string(walk->strings + token->name,
			   walk->strings_size - token->name, name);
}

/* Length of a string with its NUL, 0 if it does not end or is too long. */
static uint32_t string_size(const uint8_t *bytes, uint32_t size)
{
	if (size > NAME_SIZE_MAX)
		size = NAME_SIZE_MAX;
	for (uint32_t i = 0; i < size; i++)
		if (bytes[i] == '\0')
			return i + 1;
	return 0;
}

static int begin_node(struct walk *walk, struct token *token)
{
	token->size = string_size(bytes_at(walk, token->data),
				  walk->end - token->data);
	if (token->size == 0)
		return -KQ_ERR_BOUNDS;
	walk->depth++;
	walk->in_chosen = walk->depth == 2 &&
			  same_string(bytes_at(walk, token->data), token->size,
				      "chosen");
	return 0;
}

static int property(struct walk *walk, struct token *token)
{
	if (walk->end - token->data < 8 || walk->depth == 0)
		return -KQ_ERR_BOUNDS;
	token->size = word_at(walk, token->data);
	token->name = word_at(walk, token->data + 4);
	token->data += 8;
	if (token->size > walk->end - token->data ||
	    token->name >= walk->strings_size ||
	    !string_size(walk->strings + token->name,
			 walk->strings_size - token->name))
		return -KQ_ERR_BOUNDS;
	return 0;
}

static int end_node(struct walk *walk)
{
	if (walk->depth == 0)
		return -KQ_ERR_VALUE;
	walk->depth--;
	walk->in_chosen = false;
	return 0;
}

/* Step over one token. The walk ends with FDT_END or an error. */
static int next_token(struct walk *walk, struct token *token)
{
	int r = 0;

	if (walk->pos > walk->end || walk->end - walk->pos < 4)
		return -KQ_ERR_BOUNDS;
	*token = (struct token){
		.tag = word_at(walk, walk->pos),
		.start = walk->pos,
		.data = walk->pos + 4,
	};
	if (token->tag == FDT_BEGIN_NODE)
		r = begin_node(walk, token);
	else if (token->tag == FDT_PROP)
		r = property(walk, token);
	else if (token->tag == FDT_END_NODE)
		r = end_node(walk);
	else if (token->tag == FDT_END)
		r = walk->depth == 0 ? 0 : -KQ_ERR_VALUE;
	else if (token->tag != FDT_NOP)
		r = -KQ_ERR_VALUE;
	if (r < 0)
		return r;
	walk->pos = (uint32_t)kq_align_up(token->data + token->size, 4);
	/* Padding of the last token must still be inside. */
	return walk->pos > walk->end ? -KQ_ERR_BOUNDS : 0;
}

int kq_fdt_chosen_digest(const void *fdt, size_t limit, const char *skip,
			 uint8_t digest[32])
{
	struct kq_sha256 sha;
	struct token token;
	struct walk walk;
	int r = walk_init(&walk, fdt, limit);

	kq_sha256_init(&sha);
	while (r == 0 && (r = next_token(&walk, &token)) == 0) {
		const uint8_t *name = walk.strings + token.name;

		if (token.tag == FDT_END)
			break;
		if (token.tag != FDT_PROP || !walk.in_chosen ||
		    is_property(&walk, &token, skip) ||
		    is_property(&walk, &token, "kaslr-seed") ||
		    is_property(&walk, &token, "rng-seed"))
			continue;
		kq_sha256_update(&sha, name,
				 string_size(name, walk.strings_size -
							   token.name));
		kq_sha256_update(&sha, bytes_at(&walk, token.data), token.size);
	}
	kq_sha256_final(&sha, digest);
	return r;
}

/* A property of one or two cells, as an address. */
static bool address_of(const struct walk *walk, const struct token *token,
		       uint64_t *ret)
{
	if (token->size != 4 && token->size != 8)
		return false;
	*ret = word_at(walk, token->data);
	if (token->size == 8)
		*ret = *ret << 32 | word_at(walk, token->data + 4);
	return true;
}

int kq_fdt_initrd(const void *fdt, size_t limit, uint64_t *ret_start,
		  uint64_t *ret_end)
{
	bool has_start = false, has_end = false;
	uint64_t start = 0, end = 0;
	struct token token;
	struct walk walk;
	int r = walk_init(&walk, fdt, limit);

	while (r == 0 && !(has_start && has_end)) {
		r = next_token(&walk, &token);
		if (r < 0)
			return r;
		if (token.tag == FDT_END)
			return -KQ_ERR_NOTFOUND;
		if (token.tag != FDT_PROP || !walk.in_chosen)
			continue;
		if (is_property(&walk, &token, "linux,initrd-start"))
			has_start = address_of(&walk, &token, &start);
		else if (is_property(&walk, &token, "linux,initrd-end"))
			has_end = address_of(&walk, &token, &end);
	}
	if (r < 0)
		return r;
	if (end < start)
		return -KQ_ERR_VALUE;
	*ret_start = start;
	*ret_end = end;
	return 0;
}

/* The copy as it grows. @full is sticky: checked once, at the end. */
struct output {
	uint8_t *bytes;
	uint32_t size;
	uint32_t used;
	bool full;
};

/* By words where both sides are aligned, as nearly all of a tree is: with
 * caches off each access takes its time. */
static void put_bytes(struct output *out, const void *data, uint32_t size)
{
	typedef uint32_t __attribute__((may_alias)) word;
	uint8_t *to = out->bytes + out->used;
	const uint8_t *from = data;
	uint32_t i = 0;

	if (out->full || size > out->size - out->used) {
		out->full = true;
		return;
	}
	if (((uintptr_t)to | (uintptr_t)from) % sizeof(word) == 0)
		for (; size - i >= sizeof(word); i += sizeof(word))
			*(word *)(to + i) = *(const word *)(from + i);
	for (; i < size; i++)
		to[i] = from[i];
	out->used += size;
}

static void put_word(struct output *out, uint32_t value)
{
	uint32_t word = big_endian(value);

	put_bytes(out, &word, 4);
}

static void put_padding(struct output *out)
{
	static const uint8_t zeros[4];

	put_bytes(out, zeros, -out->used & 3);
}

static void put_property(struct output *out, uint32_t name_offset,
			 const struct kq_fdt_addition *addition)
{
	put_word(out, FDT_PROP);
	put_word(out, (uint32_t)addition->size);
	put_word(out, name_offset);
	put_bytes(out, addition->value, (uint32_t)addition->size);
	put_padding(out);
}

/* Ours before the old ones: their end is known, ours would move it. */
static void put_reservations(struct output *out, const struct walk *walk,
			     const struct kq_fdt_addition *addition)
{
	if (addition->reserve_size > 0) {
		put_word(out, (uint32_t)(addition->reserve_start >> 32));
		put_word(out, (uint32_t)addition->reserve_start);
		put_word(out, (uint32_t)(addition->reserve_size >> 32));
		put_word(out, (uint32_t)addition->reserve_size);
	}
	put_bytes(out, bytes_at(walk, walk->reserve), walk->reserve_size);
}

/* The new property's name stands behind the old strings. */
static int copy_structure(struct walk *walk, struct output *out,
			  const struct kq_fdt_addition *addition)
{
	struct token token;
	bool done = false;
	int r;

	do {
		r = next_token(walk, &token);
		if (r < 0)
			return r;
		if (token.tag == FDT_PROP && walk->in_chosen &&
		    is_property(walk, &token, addition->name))
			continue;
		if (token.tag == FDT_END_NODE && walk->depth == 0 && !done) {
			/* The root ends, and there was no /chosen. */
			put_word(out, FDT_BEGIN_NODE);
			put_bytes(out, "chosen\0", 8);
			put_property(out, walk->strings_size, addition);
			put_word(out, FDT_END_NODE);
			done = true;
		}
		put_bytes(out, bytes_at(walk, token.start),
			  walk->pos - token.start);
		if (token.tag == FDT_BEGIN_NODE && walk->in_chosen && !done) {
			put_property(out, walk->strings_size, addition);
			done = true;
		}
	} while (token.tag != FDT_END);
	return done ? 0 : -KQ_ERR_VALUE;
}

static void write_header(const struct walk *walk, struct output *out,
			 const uint32_t offsets[3], const uint32_t sizes[2])
{
	struct output header = { .bytes = out->bytes, .size = out->size };

	put_word(&header, FDT_MAGIC);
	put_word(&header, out->used);
	put_word(&header, offsets[1]);
	put_word(&header, offsets[2]);
	put_word(&header, offsets[0]);
	put_word(&header, FDT_VERSION);
	put_word(&header, 16);
	put_word(&header, word_at(walk, 4 * HEADER_BOOT_CPU));
	put_word(&header, sizes[1]);
	put_word(&header, sizes[0]);
}

int kq_fdt_copy_with(const void *fdt, size_t limit, void *out_bytes,
		     size_t out_size, const struct kq_fdt_addition *addition)
{
	struct output out = { .bytes = out_bytes, .used = FDT_HEADER_SIZE };
	uint32_t offsets[3], sizes[2];
	struct walk walk;
	int r = walk_init(&walk, fdt, limit);

	if (r < 0)
		return r;
	if (addition->size > KQ_FDT_MAX_SIZE || out_size < FDT_HEADER_SIZE)
		return -KQ_ERR_NOSPACE;
	out.size = out_size < KQ_FDT_MAX_SIZE ? (uint32_t)out_size :
						KQ_FDT_MAX_SIZE;
	offsets[0] = out.used;
	put_reservations(&out, &walk, addition);
	offsets[1] = out.used;
	r = copy_structure(&walk, &out, addition);
	if (r < 0)
		return r;
	sizes[0] = out.used - offsets[1];
	offsets[2] = out.used;
	put_bytes(&out, walk.strings, walk.strings_size);
	put_bytes(&out, addition->name,
		  string_size((const uint8_t *)addition->name, 64));
	sizes[1] = out.used - offsets[2];
	if (out.full)
		return -KQ_ERR_NOSPACE;
	write_header(&walk, &out, offsets, sizes);
	return 0;
}
