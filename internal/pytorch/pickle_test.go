package pytorch

import (
	"math"
	"strings"
	"testing"

	"github.com/faceclip-go/faceclip-go/internal/safetensors"
)

const proto = "\x80\x02"

func TestHostilePickle(t *testing.T) {
	ordered := "ccollections\nOrderedDict\n"
	rebuild := "ctorch._utils\n_rebuild_tensor_v2\n"
	storage := "(" + text("storage") + "ctorch\nFloatStorage\n" + text("0") + text("cpu") + "K\x01tQ"
	for _, c := range []struct{ pickle, want string }{
		{"", "byte 0: cut off: 1 bytes expected, 0 found"},
		{proto, "byte 2: cut off"},
		{"\x80\x01}.", "pickle protocol 1, expected 2 to 5"},
		{"\x80\x06}.", "pickle protocol 6, expected 2 to 5"},
		{"}.", "instruction EMPTY_DICT (0x7d) at the beginning"},
		{proto + ".", "ends with 0 values"},
		{proto + "}}.", "ends with 2 values"},
		{proto + "}(.", "ends with 1 values"},
		{proto + "}..", "1 bytes left"},
		{proto + "\xff", "instruction 0xff is unknown"},
		{proto + "\x00", "instruction 0x00 is unknown"},
		{proto + "\x81", "instruction NEWOBJ (0x81) is not allowed"},
		{proto + "i", "instruction INST (0x69) is not allowed"},
		{proto + "o", "instruction OBJ (0x6f) is not allowed"},
		{proto + "\x82", "instruction EXT1 (0x82) is not allowed"},
		{proto + "\x95\xff\xff\xff\xff\xff\xff\xff\xff}.", "frame of 18446744073709551615 bytes expected, 2 found"},

		{proto + "X\xff\xff\xff\xff", "string of 4294967295 bytes, expected at most 65536"},
		{proto + "X\x00\x01\x00\x00abc", "cut off: 256 bytes expected, 3 found"},
		{proto + "X\x01\x00\x00\x00\xff", `string "\xff" is not UTF-8`},
		{proto + "\x8a\xff", "integer of 255 bytes, expected at most 8"},
		{proto + "\x8b\xff\xff\xff\x7f", "instruction LONG4 (0x8b) is not allowed"},
		{proto + "J\x00", "cut off: 4 bytes expected, 1 found"},
		{proto + "G\x00", "cut off: 8 bytes expected, 1 found"},

		{proto + "t", "no mark on the stack"},
		{proto + "u", "no mark on the stack"},
		{proto + "\x85", "too few values"},
		{proto + "N(\x85", "too few values"}, // the value is below the mark
		{proto + "q\x00", "too few values"},
		{proto + "a", "too few values"},
		{proto + "}Na", "append to a dict of 0, expected a list"},
		{proto + "](Ne(NNu", "set an item of a list, expected a dict"},
		{proto + "}(Nu", "set an item without a value"},
		{proto + strings.Repeat("(", maxStack+1), "more than 65536 marks"},
		{proto + strings.Repeat("N", maxStack+1), "stack of more than 65536 values"},
		{proto + "]" + strings.Repeat("Na", maxOps/2), "more than 4194304 instructions"},

		{proto + "Nr\xff\xff\xff\xff", "memo 4294967295 after 0"},
		{proto + "Nq\x01", "memo 1 after 0"},
		{proto + "h\x00", "memo 0 of 0"},
		{proto + "j\xff\xff\xff\xff", "memo 4294967295 of 0"},

		{proto + "cposix\nsystem\n", `"posix.system" is not allowed`},
		{proto + "c__builtin__\neval\n", `"__builtin__.eval" is not allowed`},
		{proto + "ctorch._utils\n_rebuild_qtensor\n", `"torch._utils._rebuild_qtensor" is not allowed`},
		{proto + "c" + strings.Repeat("x", 1000) + "\n", "no end of a name within 256 bytes"},
		{proto + "cposix", "no end of a name"},
		{proto + "cposix\nsystem", "no end of a name"},
		{proto + text("posix") + text("system") + "\x93", `"posix.system" is not allowed`},
		{proto + text(strings.Repeat("x", 1000)) + text("") + "\x93", "STACK_GLOBAL of something other"},
		{proto + "NN\x93", "STACK_GLOBAL of something other"},
		{proto + "N\x93", "too few values"},

		{proto + "N)R", "call of None"},
		{proto + ordered + "NR", "call of collections.OrderedDict, expected the name of a function and a tuple"},
		{proto + ordered + "(NtR", "call of collections.OrderedDict with 1 arguments"},
		{proto + "ctorch\nFloatStorage\n)R", "call of torch.FloatStorage with 0 arguments"},
		{proto + rebuild + ")R", "call of torch._utils._rebuild_tensor_v2 with 0 arguments"},
		{proto + rebuild + "(NNNNNNtR", "malformed tensor"},
		{proto + "ctorch._utils\n_rebuild_parameter\n(NNNtR", "parameter of None, expected a tensor"},
		{proto + "}Nb", "attributes of a dict of 0, expected an OrderedDict"},
		{proto + rebuild + "Nb", "attributes of torch._utils._rebuild_tensor_v2"},
		{proto + "NQ", "malformed reference to a storage"},
		{proto + ")Q", "malformed reference to a storage"},
		{proto + strings.Replace(storage, "FloatStorage", "FloatStorage\nN", 1), "instruction"},
		{proto + strings.Replace(storage, "K\x01", "J\xff\xff\xff\xff", 1), "malformed reference to a storage"},
		{proto + strings.Replace(storage, "torch\nFloatStorage", "collections\nOrderedDict", 1), "malformed reference to a storage"},

		{proto + "N.", "holds None, expected a state dict"},
		{proto + "K\x07.", "holds an integer"},
		{proto + "\x88.", "holds a bool"},
		{proto + "G12345678.", "holds a float"},
		{proto + text("a") + ".", `holds the string "a"`},
		{proto + ").", "holds a tuple of 0"},
		{proto + storage + ".", "holds a storage without a tensor"},
		{proto + ordered + ".", "holds collections.OrderedDict"},
		{proto + "}NNs.", "has None as a key"},
		{proto + "}" + text("a") + storage + "s.", `"a" is a storage without a tensor`},
		{proto + "}q\x00" + text("a") + "h\x00s.", `"a" is a dict of 1, expected`}, // it holds itself
	} {
		file := archive(t, c.pickle, map[string]string{"0": "1234"})
		if got := describeResult(openBytes(file)); !strings.Contains(got, c.want) {
			t.Errorf("%.80q: got %.300s\nwant %s", c.pickle, got, c.want)
		}
	}
}

// TestBombs reads values that would be endless if they were walked through.
func TestBombs(t *testing.T) {
	double := proto + "N" + strings.Repeat("q\x00h\x00\x86", 100_000) + "." // ((x, x), (x, x)) of a hundred thousand levels
	deep := proto + "N" + strings.Repeat("\x85", 1_000_000) + "."
	long := proto + "(" + strings.Repeat("N", maxStack-9) + "tq\x00" + strings.Repeat("h\x00\x85", 30_000) + strings.Repeat("\x85", 9) + "."
	shape := "(" + strings.Repeat("K\x01", maxStack/2) + "tq\x00" // of twenty thousand tensors
	var many strings.Builder
	many.WriteString(proto + "}")
	for range 20_000 {
		many.WriteString(text("x") + "ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + "ctorch\nFloatStorage\n" +
			text("0") + text("cpu") + "K\x01tQK\x00" + shape + "h\x00\x89NtRs")
		shape = "h\x00"
	}
	many.WriteString(".")
	for _, pickle := range []string{double, deep, long, many.String()} {
		file := archive(t, pickle, map[string]string{"0": "1234"})
		if got := describeResult(openBytes(file)); strings.HasPrefix(got, "no error") {
			t.Errorf("%.80q: %s", pickle, got)
		}
	}
}

func TestHostileViews(t *testing.T) {
	const huge = math.MaxInt64
	for _, c := range []struct {
		a    shaped
		want string
	}{
		{shaped{count: 6, size: []int64{2, 3}, stride: []int64{3, 1}}, "no error"},
		{shaped{count: 6, size: []int64{2, 3}, stride: []int64{1, 2}}, "no error"},
		{shaped{count: 6, size: []int64{1, 3}, stride: []int64{huge, 1}}, "no error"},
		{shaped{count: 6, size: []int64{0, 3}, stride: []int64{huge, huge}}, "no error"},
		{shaped{count: 6, offset: 6, size: []int64{0}, stride: []int64{1}}, "no error"},
		{shaped{count: 6, offset: 5}, "no error"},
		{shaped{count: 6, offset: 6}, "goes beyond the storage of 6 elements"},
		{shaped{count: 6, offset: 7, size: []int64{0}, stride: []int64{1}}, "offset 7 in a storage of 6 elements"},
		{shaped{count: 6, offset: -1}, "offset -1 in a storage"},
		{shaped{count: 6, offset: huge}, "in a storage of 6 elements"},
		{shaped{count: -6, size: []int64{6}, stride: []int64{1}}, "malformed reference to a storage"},
		{shaped{count: huge, size: []int64{6}, stride: []int64{1}}, "storage data/0 has 24 bytes, expected 9223372036854775807 elements"},
		{shaped{count: 1<<62 + 6, size: []int64{6}, stride: []int64{1}}, "storage data/0 has 24 bytes"}, // times 4 is 24
		{shaped{count: 6, size: []int64{7}, stride: []int64{1}}, "shape [7] with strides [1] from 0 goes beyond the storage of 6 elements"},
		{shaped{count: 6, offset: 1, size: []int64{6}, stride: []int64{1}}, "goes beyond"},
		{shaped{count: 6, size: []int64{-1}, stride: []int64{1}}, "dimension 0: size and stride have to be numbers from 0"},
		{shaped{count: 6, size: []int64{2}, stride: []int64{-1}}, "dimension 0: size and stride have to be numbers from 0"},
		{shaped{count: 6, size: []int64{2}, stride: []int64{huge}}, "goes beyond"},
		{shaped{count: 6, size: []int64{3}, stride: []int64{1 << 62}}, "goes beyond"},
		{shaped{count: 6, size: []int64{5}, stride: []int64{1 << 62}}, "goes beyond"}, // 4 times 2^62 is 0
		{shaped{count: 6, size: []int64{2, 2, 2}, stride: []int64{huge, huge, 2}}, "goes beyond"},
		{shaped{count: 6, size: []int64{1 << 32, 1 << 32}, stride: []int64{0, 0}}, "is too large"},
		{shaped{count: 6, size: []int64{huge, 0, huge}, stride: []int64{0, 0, 0}}, "is too large"},
		{shaped{count: 6, size: []int64{1 << 40}, stride: []int64{0}}, "take more bytes than the file"},
		{shaped{count: 6, size: []int64{2}, stride: nil}, "1 sizes and 0 strides"},
		{shaped{count: 6, size: make([]int64, 1000), stride: make([]int64, 1000)}, "1000 dimensions, expected at most 8"},
		{shaped{count: 24, kind: "torch\nByteStorage\n", size: []int64{24}, stride: []int64{1}}, "no error"},
		{shaped{count: 3, kind: "torch\nDoubleStorage\n"}, "no error"},
		{shaped{count: 3, kind: "torch\nDoubleStorage\n", size: []int64{-1}}, "dimension 0: the size has to be a number from 0"},
		{shaped{count: 24, kind: "torch.storage\nUntypedStorage\n"}, "tensor of type None in a storage of torch.storage.UntypedStorage"},
		{shaped{count: 24, kind: "torch\nfloat8_e5m2\n"}, "malformed reference to a storage"},
		{shaped{count: 6, more: "}"}, "no error"},
		{shaped{count: 6, more: "N"}, "no error"},
		{shaped{count: 6, more: "}" + text("conj") + "\x88s"}, "tensor with metadata"},
		{shaped{count: 6, more: "K\x01"}, "tensor with metadata"},
		{shaped{count: 6, after: "s" + text("x") + "N"}, `"x" is None`},
	} {
		file := archive(t, pickleOf(t, c.a), map[string]string{"0": strings.Repeat("1234", 6)})
		if got := describeResult(openBytes(file)); !strings.Contains(got, c.want) {
			t.Errorf("%+.200v: got %s\nwant %s", c.a, got, c.want)
		}
	}
}

func TestTwice(t *testing.T) {
	one := strings.TrimSuffix(pickleOf(t, vector(1)), ".")
	again := strings.TrimPrefix(one, proto+"}")
	if got := describeResult(openBytes(archive(t, one+again+".", map[string]string{"0": "1234"}))); !strings.Contains(got, `tensor "x" is there twice`) {
		t.Error(got)
	}
}

func TestLong(t *testing.T) {
	for in, want := range map[string]int64{
		"\x8a\x00": 0, "\x8a\x01\x7f": 127, "\x8a\x01\xff": -1, "\x8a\x02\xff\x00": 255, "\x8a\x05\x00\x00\x00\x00\x01": 1 << 32,
		"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f": math.MaxInt64, "J\xff\xff\xff\xff": -1, "M\xff\xff": 65535, "K\xff": 255,
	} {
		if got, err := unpickle([]byte(proto+in+"."), safetensors.Dir{}.Ended); got != want || err != nil {
			t.Errorf("%q: got %v, %v, want %d", in, got, err, want)
		}
	}
}
