package ptx

import (
	"fmt"
	"strings"
	"testing"
)

// A check is a program that has to be faulted, and an edit that makes it right.
type check struct {
	name     string
	program  program
	what     string // of the fault
	old, new string // the edit
}

// element addresses number %t of the buffer by %d1, of shared memory by %r1, and stores something there.
const element = `
	mad.wide.u32 %d1, %t, 4, %a;
	mov.u32 %r1, dyn;
	mad.lo.u32 %r1, %t, 4, %r1;
`

func testChecks(t *testing.T, checks []check) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			p := c.program
			if p.threads == 0 {
				p.threads = 64
			}
			if p.buffer == nil {
				p.buffer = make(buffer, 4*1024)
			}
			p.shared = max(p.shared, 4*1024)
			p.faults(t, c.what)
			if !strings.Contains(p.body, c.old) {
				t.Fatalf("%q is not in the program", c.old)
			}
			p.body = strings.Replace(p.body, c.old, c.new, 1)
			p.passes(t)
		})
	}
}

func TestBounds(t *testing.T) {
	testChecks(t, []check{
		{"global load", program{body: "ld.global.f32 %f1, [%a+4096];"}, "nothing is allocated", "4096", "4092"},
		{"global store before", program{body: "ld.global.u16 %h1, [%a+-2];"}, "nothing is allocated", "-2", "0"},
		{"global vector", program{body: "ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%a+4096];"}, "nothing is allocated", "4096", "4080"},
		{"part of a global vector", program{body: "ld.global.v2.f32 {%f1, %f2}, [%a+8];", buffer: make(buffer, 12)}, "nothing is allocated", "v2.f32 {%f1, %f2}", "f32 %f1"},
		{"one lane", program{body: element + "ld.global.f32 %f1, [%d1+3844];"}, "nothing is allocated", "3844", "3840"},
		{"shared store", program{body: "mov.u32 %r1, 4096; st.shared.u32 [%r1], %t;", threads: 1}, "outside", "4096", "4092"},
		{"shared load", program{body: "mov.u32 %r1, dyn; st.shared.u32 [%r1], %t; ld.shared.u32 %r2, [%r1+-4];", threads: 1}, "outside", "-4", "0"},
		{"alignment of a global load", program{body: "ld.global.v2.f32 {%f1, %f2}, [%a+4];"}, "multiple of 8", "+4", "+8"},
		{"alignment of a shared store", program{body: "mov.u32 %r1, dyn; st.shared.u16 [%r1+1], 9;", threads: 1}, "multiple of 2", "+1", "+2"},
		{"parameters", program{body: "ld.param.u64 %d1, [k_param_0+8];"}, "outside", "+8", "+0"},
		{"local", program{body: ".local .align 4 .b8 depot[8]; mov.u64 %d1, depot; st.local.u32 [%d1+8], 1;"}, "outside", "+8", "+4"},
		{"atomic", program{body: "red.global.add.u32 [%a+4096], 1;"}, "nothing is allocated", "4096", "0"},
		{"copy from", program{body: `mov.u32 %r1, dyn; cp.async.ca.shared.global [%r1], [%a+4096], 4; cp.async.wait_all;`, threads: 1}, "nothing is allocated", "4096", "4092"},
		{"copy to", program{body: `mov.u32 %r1, dyn; cp.async.cg.shared.global [%r1+4096], [%a], 16; cp.async.wait_all;`, threads: 1}, "outside", "4096", "4080"},
		{"alignment of a copy", program{body: `mov.u32 %r1, dyn; cp.async.cg.shared.global [%r1], [%a+8], 16; cp.async.wait_all;`, threads: 1}, "not multiples", "+8", "+16"},
	})
}

// A copy that reads nothing may have any source: it fills with zeros.
func TestCopyOfNothing(t *testing.T) {
	p := program{threads: 1, shared: 16, buffer: buffer{1, 2, 3, 4, 5, 6, 7, 8}, body: `
	mov.u32 %r1, dyn;
	mov.u32 %r2, 0;
	mov.u32 %r3, 3;
	cp.async.ca.shared.global [%r1], [%a+4096], 8, %r2;
	cp.async.ca.shared.global [%r1+8], [%a], 8, %r3;
	cp.async.wait_all;
	ld.shared.u32 %r4, [%r1+4];
	ld.shared.u32 %r5, [%r1+8];
	st.global.u32 [%a], %r4;
	st.global.u32 [%a+4], %r5;`}
	p.passes(t)
	if want := "[0 0 0 0 1 2 3 0]"; fmt.Sprint(p.buffer) != want {
		t.Errorf("got %v, want %s", p.buffer, want)
	}
}

// Without a barrier warp 0, which runs first, finds what it should wait for not written.
const early = "read before it is written"

func TestSharedRaces(t *testing.T) {
	const exchange = element + `
	st.shared.u32 [%r1], %t;
	bar.sync 0;
	xor.b32 %r2, %t, 33;
	mov.u32 %r3, dyn;
	mad.lo.u32 %r3, %r2, 4, %r3;
	ld.shared.u32 %r4, [%r3];
	st.global.u32 [%d1], %r4;`
	without := strings.Replace(exchange, "bar.sync 0;", "", 1)
	withinWarp := strings.Replace(strings.Replace(exchange, "bar.sync 0;", "mov.u32 %r9, 0;", 1), "33", "1", 1)
	const reuse = exchange + "mov.u32 %r9, 0; st.shared.u32 [%r1], 7;"
	halves := strings.NewReplacer("st.shared.u32 [%r1], %t", "cvt.u16.u32 %h1, %t; st.shared.u16 [%r1], %h1; st.shared.u16 [%r1+2], %h1",
		"mad.lo.u32 %r3, %r2, 4", "mov.u32 %r9, 0; mad.lo.u32 %r3, %r2, 4").Replace(without)
	testChecks(t, []check{
		{"read after write", program{body: strings.Replace(without, "xor", "mov.u32 %r9, 0; xor", 1)}, early, "mov.u32 %r9, 0;", "bar.sync 0;"},
		{"write after read", program{body: reuse}, "without a barrier after", "mov.u32 %r9, 0;", "bar.sync 0;"},
		{"within a warp", program{body: withinWarp}, "without a barrier after thread", "mov.u32 %r9, 0;", "bar.warp.sync 0xffffffff;"},
		{"a shuffle is no barrier for writes", program{body: strings.Replace(withinWarp, "mov.u32 %r9, 0;", "shfl.sync.bfly.b32 %r9, %t, 1, 31, 0xffffffff;", 1)},
			"without a barrier after thread", "shfl.sync.bfly.b32 %r9, %t, 1, 31, 0xffffffff;", "bar.warp.sync 0xffffffff;"},
		{"the warp's barrier is not the block's", program{body: strings.Replace(without, "xor", "bar.warp.sync 0xffffffff; xor", 1)},
			early, "bar.warp.sync 0xffffffff;", "bar.sync 0;"},
		{"write after write", program{body: "mov.u32 %r1, dyn; st.shared.u32 [%r1], %t;"}, "written without a barrier", "st.shared", "setp.ne.u32 %p1, %t, 0; @!%p1 st.shared"},
		{"halves of words", program{body: halves}, early, "mov.u32 %r9, 0;", "bar.sync 0;"},
	})
}

// Threads may write parts of one word, and read it after a barrier.
func TestPartsOfWords(t *testing.T) {
	p := program{threads: 64, shared: 64, buffer: make(buffer, 64), body: `
	mov.u32 %r1, dyn;
	add.u32 %r1, %r1, %t;
	st.shared.u8 [%r1], %t;
	bar.sync 0;
	setp.gt.u32 %p1, %t, 3;
	@%p1 bra $end;
	mov.u32 %r2, dyn;
	mad.lo.u32 %r2, %t, 16, %r2;
	ld.shared.v4.u32 {%r3, %r4, %r5, %r6}, [%r2];
	mad.wide.u32 %d1, %t, 16, %a;
	st.global.v4.u32 [%d1], {%r3, %r4, %r5, %r6};
$end:`}
	p.passes(t)
	for i, b := range p.buffer {
		if int(b) != i {
			t.Fatalf("byte %d is %d", i, b)
		}
	}
	p.body = strings.Replace(p.body, "@%p1 bra $end;", "@%p1 bra $end; st.shared.u8 [%r1], %t;", 1)
	p.faults(t, "without a barrier after thread")
}

// A reduction reads what all lanes then exchange, and one lane writes it: the exchange orders that.
func TestReadBeforeExchange(t *testing.T) {
	body := `
	mov.u32 %r1, dyn;
	setp.eq.u32 %p1, %t, 0;
	@%p1 st.shared.u32 [%r1], 5;
	bar.warp.sync 0xffffffff;
	ld.shared.u32 %r2, [%r1];
	shfl.sync.bfly.b32 %r2, %r2, 1, 31, 0xffffffff;
	@%p1 st.shared.u32 [%r1], %r2;`
	program{threads: 32, shared: 4, body: body}.passes(t)
	program{threads: 32, shared: 4, body: strings.Replace(body, "shfl", "//", 1)}.faults(t, "written without a barrier after threads of warp 0")
}

func TestNothingWritten(t *testing.T) {
	testChecks(t, []check{
		{"shared", program{body: element + "ld.shared.u32 %r2, [%r1];"}, "read before it is written", "ld.shared", "st.shared.u32 [%r1], 1; ld.shared"},
		{"part of a shared word", program{body: element + "st.shared.u16 [%r1], 1; ld.shared.u32 %r2, [%r1];"}, "read before it is written", "ld.shared.u32 %r2", "ld.shared.u16 %h2"},
		{"local", program{body: ".local .align 4 .b8 depot[8]; mov.u64 %d1, depot; ld.local.u32 %r1, [%d1];"}, "read before it is written", "ld.local", "st.local.u32 [%d1], 2; ld.local"},
		{"stored register", program{body: "st.shared.u32 [dyn], %r5;", threads: 1}, "%r5 holds nothing", "%r5", "5"},
		{"address", program{body: "ld.global.u32 %r1, [%d5];"}, "%d5 holds nothing", "%d5", "%a"},
		{"predicate", program{body: "@%p5 bra $end;\n$end:"}, "%p5 holds nothing", "@%p5", "setp.eq.u32 %p5, %t, 1; @%p5"},
		{"what is computed of it", program{body: "add.u32 %r1, %r5, 1; mul.lo.u32 %r2, %r1, 2; st.shared.u32 [dyn], %r2;", threads: 1}, "%r2 holds nothing", "%r5", "5"},
		{"written by other lanes", program{body: element + "setp.gt.u32 %p1, %t, 0; @%p1 mov.u32 %r5, 1; st.shared.u32 [%r1], %r5;"}, "%r5 holds nothing", "@%p1 mov", "mov"},
		{"exchanged", program{body: "shfl.sync.bfly.b32 %r1, %r5, 1, 31, 0xffffffff;"}, "%r5 holds nothing", "%r5", "%t"},
	})
	// Computing with it is no mistake as long as nothing comes of it: compilers do so ahead of a branch.
	program{threads: 32, body: "add.u32 %r1, %r5, 1; mul.lo.u32 %r2, %r1, 2;"}.passes(t)
}

func TestThreadsMissing(t *testing.T) {
	const some = "setp.lt.u32 %p1, %t, 40;"
	const fragments = `mov.u32 %r1, 0; mov.f32 %f1, 0f00000000;
	@%p1 mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%f2, %f3, %f4, %f5}, {%r1, %r1, %r1, %r1}, {%r1, %r1}, {%f1, %f1, %f1, %f1};`
	const matrix = `mov.u32 %r1, dyn; and.b32 %r2, %t, 31; mad.lo.u32 %r1, %r2, 16, %r1;
	st.shared.v4.u32 [%r1], {%t, %t, %t, %t}; bar.warp.sync 0xffffffff;
	@%p1 ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r4, %r5, %r6, %r7}, [%r1];`
	testChecks(t, []check{
		{"branch round a barrier", program{body: some + "@%p1 bra $end; bar.sync 0;\n$end:"}, "barrier", "@%p1", ""},
		{"branch of a warp round a barrier", program{body: "setp.lt.u32 %p1, %t, 32; @%p1 bra $end; bar.sync 0;\n$end:"}, "other warps have ended", "@%p1", ""},
		{"end before a barrier", program{body: some + "@%p1 ret; bar.sync 0;"}, "barrier", "@%p1 ret;", ""},
		{"guarded barrier", program{body: some + "@%p1 bar.sync 0;"}, "barrier", "@%p1", ""},
		{"different barriers", program{body: "setp.lt.u32 %p1, %t, 32; @%p1 bra $b; bar.sync 0; bra $end;\n$b:\nbar.sync 0;\n$end:"}, "barrier while", "@%p1 bra $b;", ""},
		{"shuffle", program{body: some + "@%p1 shfl.sync.bfly.b32 %r1, %t, 1, 31, 0xffffffff;"}, "is missing", "@%p1", ""},
		{"vote", program{body: some + "@%p1 vote.sync.any.pred %p2, %p1, 0xffffffff;"}, "is missing", "@%p1 vote", "vote"},
		{"reduction", program{body: some + "@%p1 redux.sync.add.u32 %r1, %t, 0xffffffff;"}, "is missing", "@%p1", ""},
		{"barrier of the warp", program{body: some + "@%p1 bar.warp.sync 0xffffffff;"}, "is missing", "@%p1", ""},
		{"not in one's mask", program{body: "shfl.sync.bfly.b32 %r1, %t, 1, 31, 0x7fffffff;"}, "own mask", "0x7f", "0xff"},
		{"mma", program{body: some + fragments}, "is missing", "@%p1", ""},
		{"ldmatrix", program{threads: 32, body: strings.Replace(some, "40", "30", 1) + matrix}, "is missing", "@%p1", ""},
	})
	// Both halves of a warp may shuffle apart if their masks say so.
	program{threads: 32, body: `
	setp.lt.u32 %p1, %t, 16;
	mov.u32 %r1, 0xffff0000;
	@%p1 mov.u32 %r1, 0xffff;
	@%p1 bra $low;
	shfl.sync.bfly.b32 %r2, %t, 1, 31, %r1;
	bra $end;
$low:
	shfl.sync.bfly.b32 %r2, %t, 1, 31, %r1;
$end:`}.passes(t)
}

func TestAsynchronousCopies(t *testing.T) {
	const begin = element + "cp.async.ca.shared.global [%r1], [%d1], 4;\ncp.async.commit_group;\n"
	const end = "ld.shared.u32 %r2, [%r1]; st.global.u32 [%d1], %r2;"
	two := begin + "cp.async.ca.shared.global [%r1+2048], [%d1], 4;\ncp.async.commit_group;\n"
	testChecks(t, []check{
		{"read too early", program{body: begin + "cp.async.wait_group 1;\n" + end}, "read while a copy", "wait_group 1", "wait_group 0"},
		{"not committed", program{body: strings.Replace(begin, "cp.async.commit_group", "mov.u32 %r9, 0", 1) + "cp.async.wait_group 0;\n" + end}, "read while a copy", "mov.u32 %r9, 0", "cp.async.commit_group"},
		{"second of two groups", program{body: two + "cp.async.wait_group 1;\nld.shared.u32 %r2, [%r1+2048];"}, "read while a copy", "[%r1+2048];", "[%r1];"},
		{"target overwritten", program{body: begin + "st.shared.u32 [%r1], 1;\ncp.async.wait_all;"}, "written while a copy", "st.shared.u32 [%r1]", "st.shared.u32 [%r1+2048]"},
		{"target copied to twice", program{body: begin + "cp.async.ca.shared.global [%r1], [%d1+2048], 4;\ncp.async.wait_all;"}, "written while a copy", "[%r1], [%d1+", "[%r1+2048], [%d1+"},
		{"source changed", program{body: begin + "st.global.u32 [%d1], 1;\ncp.async.wait_all;"}, "have changed", "[%d1], 1", "[%d1+2048], 1"},
		{"read by another thread", program{body: begin + `cp.async.wait_group 0;
	mov.u32 %r9, 0;
	mov.u32 %r3, dyn; xor.b32 %r4, %t, 33; mad.lo.u32 %r3, %r4, 4, %r3; ld.shared.u32 %r2, [%r3];`}, early, "mov.u32 %r9, 0", "bar.sync 0"},
		{"read by another warp later", program{body: begin + `cp.async.wait_group 0;
	mov.u32 %r9, 0;
	setp.lt.u32 %p1, %t, 32; mov.u32 %r4, %t; @!%p1 add.u32 %r4, %t, -32;
	mov.u32 %r3, dyn; mad.lo.u32 %r3, %r4, 4, %r3; ld.shared.u32 %r2, [%r3];`}, "without a barrier after thread 0", "mov.u32 %r9, 0", "bar.sync 0"},
		{"barrier without waiting", program{body: begin + "bar.sync 0;\n" + end}, "read while a copy", "bar.sync 0", "cp.async.wait_all"},
		{"target still being read", program{body: `
	mov.u32 %r1, dyn;
	mad.lo.u32 %r2, %t, 4, %r1;
	st.shared.u32 [%r2], %t;
	bar.sync 0;
	xor.b32 %r3, %t, 32;
	mad.lo.u32 %r3, %r3, 4, %r1;
	ld.shared.u32 %r4, [%r3];
	mov.u32 %r9, 0;
	cp.async.ca.shared.global [%r2], [%a], 4;
	cp.async.wait_all;`}, "without a barrier after", "mov.u32 %r9, 0", "bar.sync 0"},
	})
}

func TestGlobalRaces(t *testing.T) {
	testChecks(t, []check{
		{"two blocks", program{blocks: 3, threads: 1, body: "mov.u32 %r1, %ctaid.x; shr.u32 %r1, %r1, 1; mad.wide.u32 %d1, %r1, 4, %a; st.global.u32 [%d1], 1;"},
			"also written by block", "shr.u32 %r1, %r1, 1;", ""},
	})
	// Atomic operations may meet.
	program{blocks: 4, threads: 32, buffer: make(buffer, 4), body: "red.global.or.b32 [%a], 1;"}.passes(t)
}

func TestLaunchLimits(t *testing.T) {
	program{shared: MaxShared + 1}.faults(t, "shared memory")
	program{shared: MaxShared}.passes(t)
	program{threads: 1025}.faults(t, "threads")
	m, err := Parse(strings.Replace(prologue, "1024, 1, 1", "8, 4, 1", 1) + "ret;\n}")
	if err != nil {
		t.Fatal(err)
	}
	k := m.Kernel("k")
	l := Launch{Grid: [3]int{1, 1, 1}, Block: [3]int{33, 1, 1}, Args: make([]byte, k.ArgsSize())}
	if err := k.Run(l, buffer{}, nil); err == nil {
		t.Error("33 threads where .maxntid is 32")
	}
	l.Block[0] = 32
	if err := k.Run(l, buffer{}, nil); err != nil {
		t.Error(err)
	}
	l.Args = l.Args[:4]
	if err := k.Run(l, buffer{}, nil); err == nil {
		t.Error("arguments of half the size")
	}
}

func TestControl(t *testing.T) {
	testChecks(t, []check{
		{"trap", program{body: "setp.eq.u32 %p1, %t, 5; @%p1 trap;"}, "trap", "5;", "64;"},
		{"branch out of a table", program{threads: 3, body: "brx.idx %t, $table;\n$table: .branchtargets $a, $b;\n$a:\n$b:"}, "not among 2", "$a, $b;", "$a, $b, $a;"},
		{"write to constants", program{threads: 1, body: "st.global.u32 [%d1], 1;"}, "holds nothing", "%d1", "%a"},
	})
}
