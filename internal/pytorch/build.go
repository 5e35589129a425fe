package pytorch

import (
	"slices"

	"github.com/faceclip-go/faceclip-go/tensor"
)

const (
	orderedDict      global = "collections.OrderedDict"
	rebuildTensor    global = "torch._utils._rebuild_tensor_v2"
	rebuildTyped     global = "torch._utils._rebuild_tensor_v3" // of a storage without a type
	rebuildParameter global = "torch._utils._rebuild_parameter"
	untyped          global = "torch.storage.UntypedStorage"
)

// storages are the storages that a pickle may name, with the type of their elements. Those without one are taken, so that
// what is in them is known by name.
var storages = map[global]tensor.DType{
	"torch.FloatStorage": tensor.F32, "torch.HalfStorage": tensor.F16, "torch.BFloat16Storage": tensor.BF16,
	"torch.CharStorage": tensor.I8, "torch.ByteStorage": tensor.U8, "torch.IntStorage": tensor.I32, "torch.LongStorage": tensor.I64,
	"torch.DoubleStorage": 0, "torch.ShortStorage": 0, "torch.BoolStorage": 0, "torch.ComplexFloatStorage": 0,
	"torch.ComplexDoubleStorage": 0, untyped: 0,
}

// types are those of tensors in storages without a type.
var types = map[global]tensor.DType{
	"torch.float8_e4m3fn": tensor.F8E4M3, "torch.float8_e5m2": tensor.F8E5M2,
	"torch.float8_e4m3fnuz": 0, "torch.float8_e5m2fnuz": 0, "torch.float8_e8m0fnu": 0, "torch.float4_e2m1fn_x2": 0,
	"torch.uint16": 0, "torch.uint32": 0, "torch.uint64": 0,
}

// callable are the functions that a pickle may call.
var callable = []global{orderedDict, rebuildTensor, rebuildTyped, rebuildParameter}

// global pushes a name.
func (m *machine) global(module, name string) {
	g := global(module + "." + name)
	_, storage := storages[g]
	_, element := types[g]
	if !storage && !element && !slices.Contains(callable, g) {
		m.fail("%.100q is not allowed: state dicts of the supported types do not need it", g)
	}
	m.push(g)
}

func (m *machine) stackGlobal() {
	names := m.popN(2)
	module, ok := names.at(0).(string)
	name, ok2 := names.at(1).(string)
	if !ok || !ok2 || len(module) > maxLine || len(name) > maxLine {
		m.fail("STACK_GLOBAL of something other than two short strings")
		return
	}
	m.global(module, name)
}

// appendTo checks that there is a list to append to. What lists hold is not needed.
func (m *machine) appendTo() {
	if _, ok := m.top().(list); !ok {
		m.fail("append to %s, expected a list", describe(m.top()))
	}
}

// setItems puts keys and values, in turn, into the dict at the top of the stack.
func (m *machine) setItems(items tuple) {
	d, ok := m.top().(*dict)
	switch {
	case !ok:
		m.fail("set an item of %s, expected a dict", describe(m.top()))
	case len(items)%2 != 0:
		m.fail("set an item without a value")
	case len(d.items)+len(items) > 2*maxItems:
		m.fail("dict of more than %d", maxItems)
	default:
		d.items = append(d.items, items...)
	}
}

// build drops the attributes of an OrderedDict: of a state dict, the versions of its modules.
func (m *machine) build() {
	m.pop()
	if d, ok := m.top().(*dict); !ok || !d.ordered {
		m.fail("attributes of %s, expected an OrderedDict", describe(m.top()))
	}
}

// persistent makes a storage of ("storage", type, key, device, number of elements).
func (m *machine) persistent() {
	id, _ := m.pop().(tuple)
	tag, ok := id.at(0).(string)
	kind, ok1 := id.at(1).(global)
	key, ok2 := id.at(2).(string)
	_, ok3 := id.at(3).(string)
	count, ok4 := id.at(4).(int64)
	_, known := storages[kind]
	if !ok || !ok1 || !ok2 || !ok3 || !ok4 || len(id) != 5 || tag != "storage" || !known || count < 0 {
		m.fail("malformed reference to a storage")
		return
	}
	m.push(&storage{kind, key, count})
}

// reduce makes one of the three things that can be made.
func (m *machine) reduce() {
	args, ok := m.pop().(tuple)
	callee := m.pop()
	f, ok2 := callee.(global)
	switch {
	case !ok || !ok2:
		m.fail("call of %s, expected the name of a function and a tuple", describe(callee))
	case f == orderedDict && len(args) == 0:
		m.push(&dict{ordered: true})
	case f == rebuildTensor && (len(args) == 6 || len(args) == 7):
		m.rebuildTensor(args, nil)
	case f == rebuildTyped && (len(args) == 7 || len(args) == 8):
		m.rebuildTensor(slices.Delete(slices.Clone(args), 6, 7), args[6])
	case f == rebuildParameter && len(args) == 3:
		data, ok := args[0].(*array)
		if !ok {
			m.fail("parameter of %s, expected a tensor", describe(args[0]))
		}
		m.push(data)
	default:
		m.fail("call of %s with %d arguments", f, len(args))
	}
}

// rebuildTensor makes a tensor of (storage, offset, size, stride, requires_grad, hooks) and sometimes metadata, which
// can change what the elements mean: with {"neg": True} they are negated. Kind is their type, if the storage has none.
func (m *machine) rebuildTensor(args tuple, kind any) {
	s, ok := args.at(0).(*storage)
	offset, ok1 := args.at(1).(int64)
	size, ok2 := args.at(2).(tuple)
	stride, ok3 := args.at(3).(tuple)
	if !ok || !ok1 || !ok2 || !ok3 {
		m.fail("malformed tensor")
		return
	}
	g := s.kind
	if g == untyped {
		g, _ = kind.(global)
	}
	dt, known := types[g]
	if g == s.kind {
		dt, known = storages[g], kind == nil
	}
	if !known {
		m.fail("tensor of type %s in a storage of %s", describe(kind), s.kind)
		return
	}
	if metadata, ok := args.at(6).(*dict); args.at(6) != nil && !ok || ok && len(metadata.items) > 0 {
		m.fail("tensor with metadata, a negated or conjugated view: save a clone of it")
		return
	}
	m.push(&array{s, dt, g, offset, size, stride})
}
