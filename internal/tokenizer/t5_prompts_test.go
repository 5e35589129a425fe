package tokenizer

// hostilePrompts have bytes that are not UTF-8, special strings made by normalization, white space beside special
// strings, and marks that vanish with a short grapheme cluster.
var hostilePrompts = []struct {
	text        string
	model, json []int32
}{
	{"\xff", []int32{1}, []int32{1}},
	{"a\xff\xfeb", []int32{7, 103, 1}, []int32{7, 103, 1}},
	{"\xe2\x82 a", []int32{7, 1}, []int32{7, 1}},
	{"\xed\xa0\x80", []int32{1}, []int32{1}},
	{"\uff1c/s\uff1e a", []int32{8, 1, 7, 1}, []int32{8, 1, 7, 1}},
	{"\uff1cpad\uff1e", []int32{8, 0, 1}, []int32{8, 0, 1}},
	{"q\uff1cunk\uff1e\u4e2d", []int32{2180, 2, 1}, []int32{2180, 2, 1}},
	{"\uff1cextra_id_5\uff1e", []int32{8, 4094, 1}, []int32{8, 4094, 1}},
	{"a \u00a0<extra_id_3>\u3000\x0a b", []int32{7, 4096, 103, 1}, []int32{7, 4096, 103, 1}},
	{"a <extra_id_1> \x09 <extra_id_2>b", []int32{7, 4098, 4097, 103, 1}, []int32{7, 4098, 4097, 103, 1}},
	{"a  </s>  b", []int32{7, 1, 103, 1}, []int32{7, 1, 103, 1}},
	{"\u00aa\u0897b", []int32{7, 84, 1}, []int32{7, 84, 1}},
	{"\u00aa\u0301b", []int32{7, 84, 1}, []int32{7, 84, 1}},
	{"a\u0300\u0301b", []int32{8, 2, 84, 1}, []int32{8, 2, 84, 1}},
	{"\u00bd\u0301\u0301 a", []int32{284, 2, 136, 3997, 3997, 7, 1}, []int32{284, 2, 136, 3997, 3997, 7, 1}},
	{"\u2460\u0301", []int32{284, 1}, []int32{284, 1}},
	{"\x01\x02", []int32{1}, []int32{1}},
	{"a\x0b\x0b b", []int32{7, 103, 1}, []int32{7, 103, 1}},
	{"the  red   man ", []int32{4, 703, 216, 1}, []int32{4, 703, 216, 1}},
	{"a \x0b ", []int32{7, 1}, []int32{7, 1}},
	{"\u2581 \u2581", []int32{1}, []int32{1}},
	{"a\u0085<extra_id_3>b", []int32{7, 4096, 103, 1}, []int32{7, 4096, 103, 1}},
	{"a<extra_id_3>\u0085b", []int32{7, 4096, 103, 1}, []int32{7, 4096, 103, 1}},
	{"a\u0085</s>\u0085b", []int32{7, 1, 8, 2, 84, 1}, []int32{7, 1, 103, 1}},
	{"a  b \x0c c\u2028", []int32{7, 103, 109, 1}, []int32{7, 103, 109, 1}},
	{"\u2581a b", []int32{7, 103, 1}, []int32{7, 103, 1}},
}
