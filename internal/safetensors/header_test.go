package safetensors

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/faceclip-go/faceclip-go/tensor"
)

// one returns a header with one tensor.
func one(dtype, shape, offsets string) string {
	return fmt.Sprintf(`{"w":{"dtype":%s,"shape":%s,"data_offsets":%s}}`, dtype, shape, offsets)
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"%d":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}`, i)
	}
	return "{" + b.String()[1:] + "}"
}

func TestMalformed(t *testing.T) {
	length := func(n uint64) []byte { return append(binary.LittleEndian.AppendUint64(nil, n), "{}"...) }
	keys := manyKeys(90_000)[1:]
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "not a safetensors file: 0 bytes, expected at least 8"},
		{"seven bytes", make([]byte, 7), "7 bytes, expected at least 8"},
		{"text", []byte("version https://git-lfs.github.com/spec/v1"), `a Git LFS pointer`},
		{"zeros", make([]byte, 64), "not a safetensors file: header starts with"},
		{"header length 2^62", length(1 << 62), "not a safetensors file"},
		{"header length 2^64-1", length(1<<64 - 1), "not a safetensors file"},
		{"header length over limit", length(maxHeader + 1), "at most 100000000"},
		{"header cut", length(3), "cut off: header of 3 bytes expected, 2 found"},
		{"no object", compose(`[]`, 0), `starts with "[]", expected {`},
		{"null", compose(`null`, 0), `expected {`},
		{"not closed", compose(`{"a":`, 0), `unexpected EOF`},
		{"two objects", compose(`{}{}`, 0), `goes on after the closing }`},
		{"rubbish at the end", compose("{}\x00", 0), `goes on after the closing }`},
		{"bad key", compose(`{1:2}`, 0), `invalid character`},
		{"trailing comma", compose(`{"w":1,}`, 0), `invalid character`},
		{"tensor twice", compose(`{"w":1,"w":1}`, 0), `has "w" twice`},
		{"tensor twice, escaped", compose(`{"w":1,"\u0077":1}`, 0), `has "w" twice`},
		{"dtype twice", compose(`{"w":{"dtype":"F32","dtype":"F32"}}`, 0), `"w": has "dtype" twice`},
		{"deep", compose(strings.Repeat(`{"a":`, 1_000_000), 0), "nested deeper than 3"},
		{"deep arrays", compose(`{"a":`+strings.Repeat(`[`, 1_000_000), 0), "nested deeper than 3"},
		{"many tensors", compose(many(maxTensors+2), 0), "more than 100000 entries"},
		{"long name", compose(`{"`+strings.Repeat("a", maxName+1)+`":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}`, 0), "of 65537 bytes, expected at most 65536"},
		{"many values", compose(`{"a":{`+keys+`},"b":{`+keys+`},"c":{`+keys+`},"d":{`+keys+`}}`, 0), "has more than 2097152 names, values and brackets"},
		{"many dimensions", compose(one(`"U8"`, `[`+strings.Repeat("1,", 70)+`1]`, `[0,1]`), 1), "array of more than 64"},
		{"not a tensor", compose(`{"w":1}`, 0), "header"},
		{"metadata is no text", compose(`{"__metadata__":{"a":1}}`, 0), "expected string"},
		{"no shape", compose(`{"w":{"dtype":"F32","data_offsets":[0,0]}}`, 0), `"w"`},
		{"unknown key", compose(`{"w":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"x":0}}`, 0), `"w"`},
		{"negative dimension", compose(one(`"U8"`, `[-1]`, `[0,1]`), 1), `"w"`},
		{"fractional dimension", compose(one(`"U8"`, `[1.5]`, `[0,1]`), 1), `"w"`},
		{"dimension 2^64", compose(one(`"U8"`, `[18446744073709551616]`, `[0,0]`), 0), `"w"`},
		{"overflow", compose(one(`"U8"`, `[4294967296,4294967296]`, `[0,0]`), 0), `tensor "w": shape is too large`},
		{"overflow to small", compose(one(`"F32"`, `[4611686018427387905]`, `[0,4]`), 4), `tensor "w": shape is too large`},
		{"overflow and empty", compose(one(`"U8"`, `[4294967296,0,4294967296]`, `[0,0]`), 0), `tensor "w": shape is too large`},
		{"unknown dtype", compose(one(`"F128"`, `[1]`, `[0,16]`), 16), `tensor "w": dtype "F128" is not one of the format`},
		{"half a byte", compose(one(`"F4"`, `[3]`, `[0,1]`), 1), `tensor "w": F4[3] ends within a byte`},
		{"size of F64", compose(one(`"F64"`, `[1]`, `[0,4]`), 4), `tensor "w": F64[1] takes 8 bytes`},
		{"overflow in bits", compose(one(`"U8"`, `[1152921504606846976]`, `[0,0]`), 0), `tensor "w": shape is too large`},
		{"dtype is a number", compose(one(`1`, `[1]`, `[0,1]`), 1), `"w"`},
		{"offsets reversed", compose(one(`"U8"`, `[1]`, `[1,0]`), 1), `tensor "w": U8[1] takes 1 bytes`},
		{"one offset", compose(one(`"U8"`, `[1]`, `[1]`), 1), `"w"`},
		{"negative offset", compose(one(`"U8"`, `[1]`, `[-1,0]`), 1), `"w"`},
		{"size of another dtype", compose(one(`"F32"`, `[2]`, `[0,4]`), 4), `tensor "w": F32[2] takes 8 bytes`},
		{"gap at start", compose(one(`"U8"`, `[1]`, `[1,2]`), 2), `tensor "w": overlap or gap: data starts at 1, expected 0`},
		{"offsets near 2^64", compose(one(`"U8"`, `[1]`, `[18446744073709551614,18446744073709551615]`), 1), "overlap or gap"},
		{"overlap", compose(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3),
			`tensor "b": overlap or gap: data starts at 1, expected 2`},
		{"gap", compose(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}`, 5),
			`tensor "b": overlap or gap: data starts at 3, expected 2`},
		{"same data", compose(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}`, 2),
			`tensor "b": overlap or gap`},
		{"data cut", compose(one(`"U8"`, `[9]`, `[0,9]`), 8), "cut off: 9 bytes of data expected, 8 found"},
		{"data too long", compose(one(`"U8"`, `[9]`, `[0,9]`), 10), "9 bytes of data expected, 10 found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := openBytes(c.file)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "a.safetensors: ") {
				t.Errorf("got %v\nwant an error about a.safetensors with %s", err, c.want)
			}
		})
	}
}

func TestWellFormed(t *testing.T) {
	for name, file := range map[string][]byte{
		"nothing":          compose(`{}`, 0),
		"only metadata":    compose(`{"__metadata__":{"a":"b"}}`, 0),
		"no metadata":      compose(`{"__metadata__":null}`, 0),
		"spaces":           compose(" \n"+one(`"U8"`, `[ 1 ]`, `[0,1]`)+" \t\n", 1),
		"most tensors":     compose(many(maxTensors), 0),
		"unaligned":        compose(one(`"I64"`, `[1]`, `[0,8]`)+" ", 8),
		"empty dimensions": compose(one(`"F32"`, `[10000,0,10000]`, `[0,0]`), 0),
	} {
		if _, err := openBytes(file); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForeign has tensors that cannot be read: the file is fine, and they are known by name.
func TestForeign(t *testing.T) {
	for _, c := range []struct {
		dtype, shape string
		bytes        int
		want         string
	}{
		{"F64", "[1]", 8, "F64[1]"}, {"BOOL", "[2]", 2, "BOOL[2]"}, {"U16", "[2]", 4, "U16[2]"}, {"I16", "[]", 2, "I16[]"},
		{"U32", "[1]", 4, "U32[1]"}, {"U64", "[1]", 8, "U64[1]"}, {"C64", "[1]", 8, "C64[1]"}, {"F4", "[4]", 2, "F4[4]"},
		{"F6_E2M3", "[4]", 3, "F6_E2M3[4]"}, {"F6_E3M2", "[8]", 6, "F6_E3M2[8]"}, {"F8_E8M0", "[3]", 3, "F8_E8M0[3]"},
		{"F8_E4M3FNUZ", "[3]", 3, "F8_E4M3FNUZ[3]"}, {"F8_E5M2FNUZ", "[3]", 3, "F8_E5M2FNUZ[3]"},
		{"F32", "[1,1,2,1,1]", 8, "F32[1 1 2 1 1]"},
	} {
		file := compose(fmt.Sprintf(`{"w":{"dtype":%q,"shape":%s,"data_offsets":[0,%d]},"a":{"dtype":"U8","shape":[1],"data_offsets":[%d,%d]}}`,
			c.dtype, c.shape, c.bytes, c.bytes, c.bytes+1), c.bytes+1)
		opened, err := openBytes(file)
		if err != nil {
			t.Errorf("%s: %v", c.want, err)
			continue
		}
		_, ok := opened.Get("w")
		if _, other := opened.Get("a"); ok || !other || opened.Foreign("w") != c.want || opened.Foreign("a") != "" || len(opened.Names()) != 2 {
			t.Errorf("%s is %q, can be read: %v, names %q", c.want, opened.Foreign("w"), ok, opened.Names())
		}
	}
}

// TestTruncated cuts a good file at every byte. The reference file has data to its last byte.
func TestTruncated(t *testing.T) {
	var b bytes.Buffer
	if err := Write(&b, map[string]string{"k": "v"}, Entries(sample())); err != nil {
		t.Fatal(err)
	}
	for n := range b.Len() {
		if _, err := openBytes(b.Bytes()[:n]); err == nil {
			t.Errorf("the first %d of %d bytes are taken for a checkpoint", n, b.Len())
		}
	}
}

func FuzzOpen(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, map[string]string{"k": "v"}, Entries(sample())); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte("text"))
	f.Add(compose(`{}`, 0))
	f.Add(compose(one(`"F32"`, `[2,0]`, `[0,0]`), 0))
	f.Add(compose(one(`"F4"`, `[2,1,1,1,1]`, `[0,1]`), 1))
	f.Add(compose(one(`"F8_E5M2"`, `[2]`, `[0,2]`), 2))
	f.Add(compose(one(`"F32"`, `[4611686018427387905]`, `[0,4]`), 4))
	f.Add(compose(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"BF16","shape":[],"data_offsets":[2,4]}}`, 4))
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := openBytes(file)
		if err != nil {
			return
		}
		total := 0
		for _, name := range c.Names() {
			w, ok := c.Get(name)
			if !ok {
				return // whose bytes nobody sees
			}
			total += len(tensor.Bytes(w))
		}
		if header := binary.LittleEndian.Uint64(file); total+int(header)+lengthSize != len(file) {
			t.Errorf("tensors have %d bytes of a file of %d with a header of %d", total, len(file), header)
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{"total_size":4},"weight_map":{"a":"m-00001-of-00001.safetensors"}}`))
	f.Add([]byte(`{"weight_map":{"a":"../m.safetensors"}}`))
	f.Add([]byte(`{"weight_map":{"a":1}}`))
	f.Add([]byte(`{"weight_map":{}}`))
	f.Add([]byte(`[[[[`))
	f.Fuzz(func(t *testing.T, index []byte) {
		dir := Dir{FS: fstest.MapFS{"m.safetensors.index.json": {Data: index}}}
		c, err := OpenIndex(dir, "m.safetensors.index.json")
		if err == nil {
			c.Close()
			t.Error("a checkpoint without shards was opened")
		}
	})
}
