package fake

import (
	"errors"
	"strings"
	"testing"
	"unsafe"

	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/driver"
	"github.com/faceclip-go/faceclip-go/backend/cuda/internal/ptx"
)

// double doubles the float32 at its first argument, one a thread.
const double = `.version 8.4
.target sm_80
.address_size 64
.visible .entry double(.param .align 8 .b8 args[16])
.maxntid 32, 1, 1
{
	.reg .b32 %r<4>;
	.reg .f32 %f<3>;
	.reg .b64 %rd<5>;
	.reg .pred %p<2>;
	ld.param.u64 %rd1, [args];
	ld.param.u32 %r1, [args+8];
	mov.u32 %r2, %tid.x;
	setp.ge.u32 %p1, %r2, %r1;
	@%p1 bra $end;
	cvta.to.global.u64 %rd2, %rd1;
	mul.wide.u32 %rd3, %r2, 4;
	add.s64 %rd4, %rd2, %rd3;
	ld.global.f32 %f1, [%rd4];
	add.f32 %f2, %f1, %f1;
	st.global.f32 [%rd4], %f2;
$end:
	ret;
}
`

type doubleArgs struct {
	p driver.Ptr
	n int32
	_ int32
}

// A bench is a device with a stream and a kernel.
type bench struct {
	*Device
	t      *testing.T
	stream driver.Stream
	double driver.Function
}

func open(t *testing.T, o Options) *bench {
	t.Helper()
	o.Devices = 1
	d := New(o)
	if _, err := d.Open(0); err != nil {
		t.Fatal(err)
	}
	b := &bench{Device: d.Device(0), t: t}
	b.stream = must(b.NewStream())
	m, log, err := b.LoadModule(double)
	if err != nil {
		t.Fatal(err, log)
	}
	b.double = must(b.Function(m, "double"))
	return b
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (b *bench) check(errs ...error) {
	b.t.Helper()
	if err := errors.Join(errs...); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) launch(p driver.Ptr, n int) error {
	args := doubleArgs{p: p, n: int32(n)}
	return b.Launch(b.stream, b.double, &driver.Launch{
		Grid: [3]int{1, 1, 1}, Block: [3]int{32, 1, 1}, Args: pointerTo(&args), Size: int(unsafe.Sizeof(args)),
	})
}

func pointerTo(args *doubleArgs) unsafe.Pointer { return unsafe.Pointer(args) }

func bytesOf(f []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(f))), 4*len(f))
}

func TestWorkIsDoneAtSync(t *testing.T) {
	b := open(t, Options{})
	p := must(b.Alloc(8))
	in, out := []float32{0, 0}, []float32{0, 0}
	b.check(b.ToDevice(b.stream, p, bytesOf(in)), b.launch(p, 2), b.ToHost(b.stream, bytesOf(out), p))
	copy(in, []float32{1, 2}) // read when the copy is done
	if out[1] != 0 {
		t.Fatal("done before anybody waited")
	}
	b.check(b.SyncStream(b.stream))
	if out[0] != 2 || out[1] != 4 {
		t.Fatalf("got %v", out)
	}
}

func TestFaultSticks(t *testing.T) {
	b := open(t, Options{})
	p := must(b.Alloc(8))
	b.check(b.Fill(b.stream, p, 0, 8), b.launch(p, 3))
	err := b.SyncStream(b.stream)
	var fault *ptx.Fault
	if !errors.As(err, &fault) || fault.Thread[0] != 2 || !strings.Contains(err.Error(), "ld.global.f32") {
		t.Fatalf("got %v", err)
	}
	if again := b.launch(p, 1); again == nil {
		t.Fatal("a launch after an illegal address")
	}
}
