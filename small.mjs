import { Hinge, CategoricalHinge, hinge, tensor, setBackend, backend } from "maxmargin";
const {fastestLoop}=await import("/work/main/bench/baselines.js");
const med=a=>a.sort((x,y)=>x-y)[a.length>>1];
function t(f){ let c=1; for(;;){const s=performance.now(); for(let i=0;i<c;i++) sink=f(); const d=performance.now()-s; if(d>1) return d*1e6/c; c*=2;} }
let sink;
const loss=new Hinge(), cat=new CategoricalHinge();
const which=process.argv[2]??"hinge";
for(const n of [16,32,64,128,256,512,1024,4096]) for (const width of which==="cat"?[8]:[8]) {
  const p=new Float32Array(n), y=new (process.argv[3]==="i8"?Int8Array:Float32Array)(n);
  for(let i=0;i<n;i++){p[i]=(Math.random()-.5)*4; y[i]=which==="cat"?(i%width==0?1:0):which==="bin"?(Math.random()<.5?1:0):(Math.random()<.5?1:-1);}
  const Y=tensor(y,[n/width,width]),P=tensor(p,[n/width,width]);
  const loop=fastestLoop(which==="cat"?"categoricalHinge":"hinge",which==="bin"?"binary":which==="cat"?"onehot":"signed");
  const L=which==="cat"?cat:loss;
  const fs={loop:()=>loop.mean(y,p,width),js:()=>L.apply(Y,P),native:()=>L.apply(Y,P),call:()=>L.call(Y,P).data,};
  const r={}; for(const k in fs) r[k]=[];
  for(const k in fs){ for(let q=0;q<30;q++){ setBackend(k==="js"?"js":"native"); t(fs[k]); } }
  for(let q=0;q<15;q++) for(const k in fs){ setBackend(k==="js"?"js":"native"); r[k].push(t(fs[k])); }
  console.log(n, Object.entries(r).map(([k,v])=>k+" "+med(v).toFixed(0)).join("  "));
}
