package ptx

// decoders holds how instructions are decoded, by the first part of their name.
var decoders map[string]func(d *decoder, s *statement)

func init() {
	decoders = map[string]func(d *decoder, s *statement){
		"ld": (*decoder).load, "st": (*decoder).store, "mov": (*decoder).mov, "cvta": (*decoder).cvta,
		"atom": (*decoder).atom, "red": (*decoder).atom, "cp": (*decoder).copyAsync,
		"add": (*decoder).arithmetic, "sub": (*decoder).arithmetic, "mul": (*decoder).multiply, "mad": (*decoder).multiplyAdd,
		"fma": (*decoder).fma, "div": (*decoder).arithmetic, "rem": (*decoder).arithmetic,
		"min": (*decoder).arithmetic, "max": (*decoder).arithmetic,
		"abs": (*decoder).sign, "neg": (*decoder).sign,
		"and": (*decoder).logic, "or": (*decoder).logic, "xor": (*decoder).logic, "not": (*decoder).logic,
		"shl": (*decoder).shift, "shr": (*decoder).shift, "shf": (*decoder).funnel,
		"lop3": (*decoder).lop3, "prmt": (*decoder).prmt, "bfe": (*decoder).bfe, "bfi": (*decoder).bfi,
		"popc": (*decoder).bitCount, "clz": (*decoder).bitCount, "brev": (*decoder).bitCount, "bfind": (*decoder).bitCount,
		"setp": (*decoder).setp, "set": (*decoder).set, "selp": (*decoder).selp, "slct": (*decoder).slct,
		"cvt": (*decoder).cvt, "dp4a": (*decoder).dp4a,
		"rcp": (*decoder).function, "sqrt": (*decoder).function, "rsqrt": (*decoder).function, "ex2": (*decoder).function,
		"lg2": (*decoder).function, "sin": (*decoder).function, "cos": (*decoder).function, "tanh": (*decoder).function,
		"copysign": (*decoder).copysign, "testp": (*decoder).testp,
		"bra": (*decoder).bra, "brx": (*decoder).brx, "ret": (*decoder).ret, "exit": (*decoder).ret, "trap": (*decoder).trap,
		"bar": (*decoder).bar, "barrier": (*decoder).bar, "membar": (*decoder).fence, "fence": (*decoder).fence,
		"prefetch": (*decoder).prefetch, "shfl": (*decoder).shfl, "vote": (*decoder).vote, "redux": (*decoder).redux,
		"activemask": (*decoder).activemask, "mma": (*decoder).mma, "ldmatrix": (*decoder).ldmatrix,
	}
}
