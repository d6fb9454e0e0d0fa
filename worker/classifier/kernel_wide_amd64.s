#include "textflag.h"

// One value of each of seven pixels, times 16 weights. R8, R12 and R14 are one,
// three and five steps from a pixel to the next.
#define SEVEN(base, a, b, c, d, e, f, g) \
	VFMADD231PS.BCST (base), Z16, a; \
	VFMADD231PS.BCST (base)(R8*1), Z16, b; \
	VFMADD231PS.BCST (base)(R8*2), Z16, c; \
	VFMADD231PS.BCST (base)(R12*1), Z16, d; \
	VFMADD231PS.BCST (base)(R8*4), Z16, e; \
	VFMADD231PS.BCST (base)(R14*1), Z16, f; \
	VFMADD231PS.BCST (base)(R12*2), Z16, g

// Add what lies at AX, and go to the next pixel.
#define ADD(a) \
	VADDPS (AX), a, a; \
	ADDQ   R9, AX

// Keep 16 sums between Z16 and Z17, store them and go to the next pixel.
#define EMIT(a) \
	VMAXPS  Z16, a, a; \
	VMINPS  Z17, a, a; \
	VMOVUPS a, (DX); \
	ADDQ    R9, DX

// func multiplyWideTiles(args *tileArgs)
//
// Z0 to Z13 hold the sums, one register for each of the fourteen pixels.
TEXT ·multiplyWideTiles(SB), NOSPLIT, $0-8
	MOVQ args+0(FP), DI
	MOVQ 0(DI), SI          // in
	MOVQ 8(DI), R8          // inStep
	MOVQ 40(DI), DX         // out
	MOVQ 48(DI), R9         // outStep
	MOVQ 56(DI), R10        // residual
	MOVQ 64(DI), R11        // tiles
	LEAQ (R8)(R8*2), R12
	LEAQ (R8)(R8*4), R14
	LEAQ (R14)(R8*2), R15   // seven steps

tile:
	MOVQ    16(DI), BX      // panel
	MOVQ    24(DI), CX      // depth
	MOVQ    32(DI), AX      // bias
	VMOVUPS (AX), Z0
	VMOVAPS Z0, Z1
	VMOVAPS Z0, Z2
	VMOVAPS Z0, Z3
	VMOVAPS Z0, Z4
	VMOVAPS Z0, Z5
	VMOVAPS Z0, Z6
	VMOVAPS Z0, Z7
	VMOVAPS Z0, Z8
	VMOVAPS Z0, Z9
	VMOVAPS Z0, Z10
	VMOVAPS Z0, Z11
	VMOVAPS Z0, Z12
	VMOVAPS Z0, Z13
	MOVQ    SI, AX          // pixels 0 to 6
	LEAQ    (SI)(R15*1), R13 // pixels 7 to 13

depth:
	VMOVUPS (BX), Z16
	SEVEN(AX, Z0, Z1, Z2, Z3, Z4, Z5, Z6)
	SEVEN(R13, Z7, Z8, Z9, Z10, Z11, Z12, Z13)
	ADDQ    $4, AX
	ADDQ    $4, R13
	ADDQ    $64, BX
	DECQ    CX
	JNZ     depth

	TESTQ   R10, R10
	JZ      store
	MOVQ    R10, AX
	ADD(Z0)
	ADD(Z1)
	ADD(Z2)
	ADD(Z3)
	ADD(Z4)
	ADD(Z5)
	ADD(Z6)
	ADD(Z7)
	ADD(Z8)
	ADD(Z9)
	ADD(Z10)
	ADD(Z11)
	ADD(Z12)
	ADD(Z13)
	MOVQ    AX, R10

store:
	VBROADCASTSS 72(DI), Z16 // lo
	VBROADCASTSS 76(DI), Z17 // hi
	EMIT(Z0)
	EMIT(Z1)
	EMIT(Z2)
	EMIT(Z3)
	EMIT(Z4)
	EMIT(Z5)
	EMIT(Z6)
	EMIT(Z7)
	EMIT(Z8)
	EMIT(Z9)
	EMIT(Z10)
	EMIT(Z11)
	EMIT(Z12)
	EMIT(Z13)
	LEAQ (SI)(R15*2), SI
	DECQ R11
	JNZ  tile

	VZEROUPPER
	RET
