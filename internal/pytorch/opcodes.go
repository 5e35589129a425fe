package pytorch

const opProto = 0x80

// An opcode is one instruction of a pickle; run is nil if state dicts do not need it.
type opcode struct {
	name string
	run  func(*machine)
}

// opcodes are all instructions of protocols 0 to 5. torch.save writes protocol 2 unless told otherwise.
var opcodes = [256]opcode{
	opProto: {"PROTO", (*machine).proto},
	0x95:    {"FRAME", (*machine).frame},
	'.':     {"STOP", (*machine).stop},

	'N':  {"NONE", func(m *machine) { m.push(nil) }},
	0x88: {"NEWTRUE", func(m *machine) { m.push(true) }},
	0x89: {"NEWFALSE", func(m *machine) { m.push(false) }},
	'J':  {"BININT", func(m *machine) { m.push(int64(int32(m.uint(4)))) }},
	'K':  {"BININT1", func(m *machine) { m.push(int64(m.uint(1))) }},
	'M':  {"BININT2", func(m *machine) { m.push(int64(m.uint(2))) }},
	0x8a: {"LONG1", (*machine).long},
	'G':  {"BINFLOAT", func(m *machine) { m.take(8); m.push(float{}) }},
	'X':  {"BINUNICODE", func(m *machine) { m.push(m.text(m.uint(4))) }},
	0x8c: {"SHORT_BINUNICODE", func(m *machine) { m.push(m.text(m.uint(1))) }},

	'(':  {"MARK", (*machine).mark},
	')':  {"EMPTY_TUPLE", func(m *machine) { m.push(tuple(nil)) }},
	't':  {"TUPLE", func(m *machine) { m.pushTuple(m.popMark()) }},
	0x85: {"TUPLE1", func(m *machine) { m.pushTuple(m.popN(1)) }},
	0x86: {"TUPLE2", func(m *machine) { m.pushTuple(m.popN(2)) }},
	0x87: {"TUPLE3", func(m *machine) { m.pushTuple(m.popN(3)) }},
	']':  {"EMPTY_LIST", func(m *machine) { m.push(list{}) }},
	'a':  {"APPEND", func(m *machine) { m.pop(); m.appendTo() }},
	'e':  {"APPENDS", func(m *machine) { m.popMark(); m.appendTo() }},
	'}':  {"EMPTY_DICT", func(m *machine) { m.push(&dict{}) }},
	's':  {"SETITEM", func(m *machine) { m.setItems(m.popN(2)) }},
	'u':  {"SETITEMS", func(m *machine) { m.setItems(m.popMark()) }},

	'q':  {"BINPUT", func(m *machine) { m.put(m.uint(1)) }},
	'r':  {"LONG_BINPUT", func(m *machine) { m.put(m.uint(4)) }},
	0x94: {"MEMOIZE", func(m *machine) { m.put(uint64(len(m.memo))) }},
	'h':  {"BINGET", func(m *machine) { m.get(m.uint(1)) }},
	'j':  {"LONG_BINGET", func(m *machine) { m.get(m.uint(4)) }},

	'c':  {"GLOBAL", func(m *machine) { module := m.line(); m.global(module, m.line()) }},
	0x93: {"STACK_GLOBAL", (*machine).stackGlobal},
	'Q':  {"BINPERSID", (*machine).persistent},
	'R':  {"REDUCE", (*machine).reduce},
	'b':  {"BUILD", (*machine).build},

	'0': {name: "POP"}, '1': {name: "POP_MARK"}, '2': {name: "DUP"}, 'F': {name: "FLOAT"}, 'I': {name: "INT"},
	'L': {name: "LONG"}, 'P': {name: "PERSID"}, 'S': {name: "STRING"}, 'T': {name: "BINSTRING"},
	'U': {name: "SHORT_BINSTRING"}, 'V': {name: "UNICODE"}, 'd': {name: "DICT"}, 'g': {name: "GET"}, 'i': {name: "INST"},
	'l': {name: "LIST"}, 'o': {name: "OBJ"}, 'p': {name: "PUT"}, 0x81: {name: "NEWOBJ"}, 0x82: {name: "EXT1"},
	0x83: {name: "EXT2"}, 0x84: {name: "EXT4"}, 0x8b: {name: "LONG4"}, 'B': {name: "BINBYTES"},
	'C': {name: "SHORT_BINBYTES"}, 0x8d: {name: "BINUNICODE8"}, 0x8e: {name: "BINBYTES8"}, 0x8f: {name: "EMPTY_SET"},
	0x90: {name: "ADDITEMS"}, 0x91: {name: "FROZENSET"}, 0x92: {name: "NEWOBJ_EX"}, 0x96: {name: "BYTEARRAY8"},
	0x97: {name: "NEXT_BUFFER"}, 0x98: {name: "READONLY_BUFFER"},
}
