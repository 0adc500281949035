import { Hinge, tensor, setBackend, backend } from "maxmargin";
import { createRequire } from "node:module";
const addon=createRequire(import.meta.url)(backend().binary);
const med=a=>a.sort((x,y)=>x-y)[a.length>>1];
let sink;
function t(f){ let c=1; for(;;){const s=performance.now(); for(let i=0;i<c;i++) sink=f(); const d=performance.now()-s; if(d>2) return d*1e6/c; c*=2;} }
const n=128; const p=new Float32Array(n).map(()=>Math.random()*4-2), y=new Float32Array(n).map(()=>Math.random()<.5?1:-1);
const Y=tensor(y,[16,8]),P=tensor(p,[16,8]); const loss=new Hinge();
setBackend("native");
const kind=0|(10<<3)|(10<<7)|(10<<11);
const fs={share:()=>0,threads:()=>addon.threads(), kernels:()=>addon.kernels, apply:()=>loss.apply(Y,P), applyraw:()=>loss.apply(y,p), newf:()=>new Float32Array(16), newf100:()=>new Float32Array(100), };
const r={}; for(const k in fs){r[k]=[];for(let q=0;q<20;q++)t(fs[k]);}
for(let q=0;q<15;q++) for(const k in fs) r[k].push(t(fs[k]));
console.log(Object.entries(r).map(([k,v])=>k+" "+med(v).toFixed(0)).join("  "));
